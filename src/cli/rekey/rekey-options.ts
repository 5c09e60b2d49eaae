import type { Shard } from '../batch/manifest/shard.ts';
import type { SelectionOptions } from '../batch/selection-options.ts';

/** What `ssec rekey` is told. */
export interface RekeyOptions extends SelectionOptions {
  readonly versionId?: string;
  /** Names of the ring's keys, and `none`. */
  readonly from?: readonly string[];
  readonly to?: string;
  readonly toKeyFile?: string;
  readonly allowWeakKey?: boolean;
  readonly manifest?: readonly string[];
  readonly shard?: Shard;
  readonly throughClient?: boolean;
  /** With a destination. */
  readonly allVersions?: boolean;
  readonly deleteOldVersion?: boolean;
  /** False with `--no-overwrite`. */
  readonly overwrite: boolean;
  readonly dryRun?: boolean;
  readonly plan?: boolean;
}

export const REKEY_MANY = 'ssec rekey -r PREFIX --to NAME';
