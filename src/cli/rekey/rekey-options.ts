import { SsecError } from '../../errors.ts';
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

/**
 * What means nothing in place, or nothing elsewhere, is not passed over: whoever gave it relies on it.
 *
 * @throws SsecError USAGE
 */
export function refuseOfOtherPlace(
  dest: string | undefined,
  { overwrite, deleteOldVersion }: RekeyOptions,
): void {
  // an unset variable of a script, as for put
  if (dest === '')
    throw new SsecError('USAGE', 'The destination is empty.', {
      hints: ['leave it away to rekey in place, or name it: ssec rekey OBJECT DEST'],
    });
  if (dest === undefined && !overwrite)
    throw new SsecError('USAGE', '--no-overwrite is for a DEST; in place the object is overwritten.');
  if (dest !== undefined && deleteOldVersion === true)
    throw new SsecError(
      'USAGE',
      'A copy to DEST replaces no version that --delete-old-version could delete.',
      {
        hints: ['leave DEST away to rekey in place'],
      },
    );
}
