import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from '../client.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import type { ObjectAddress } from '../object-address.ts';
import type { ObjectVersion } from '../object-version.ts';
import type { JournalPlace } from '../transfer/transfer-journal.ts';
import type { CopyTrial } from './copy-trial.ts';
import type { CopyProof, CopyWay } from './rekey-result.ts';

/** An object on its way from one key to another, once it is known what it is. */
export interface Rekeying {
  readonly client: SsecClient;
  readonly source: ObjectVersion;
  /** What opened the source; undefined = it is not encrypted with a customer key. */
  readonly from: CustomerKey | undefined;
  /** The source, as it answered under that key. */
  readonly head: HeadObjectCommandOutput;
  readonly target: ObjectAddress;
  /** undefined = the bucket's default encryption. */
  readonly to: CustomerKey | undefined;
  /** The tags that the target gets; undefined = those of the source, whatever they are. */
  readonly tags: Readonly<Record<string, string>> | undefined;
  readonly noOverwrite: boolean;
  readonly journal: JournalPlace | undefined;
  /** Called with the bytes that were copied so far. */
  readonly onProgress: ((bytes: number) => void) | undefined;
  readonly onRetry: (() => void) | undefined;
  readonly onNotice: ((message: string) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What a copy came to, before it is proved. */
export interface Copied {
  readonly by: CopyWay;
  readonly versionId: string | undefined;
  /** What the server verified of the bytes that it was sent; undefined where it copied them itself. */
  readonly sent: CopyProof | undefined;
}

/** What a server must be able to do for it. */
export function trialOf({ client, from, to }: Pick<Rekeying, 'client' | 'from' | 'to'>): CopyTrial {
  const { into, between, out } = client.copyTrials;
  return to === undefined ? out : from === undefined ? into : between;
}

/** Whether the copy replaces its source. */
export function isInPlace({ source, target }: Pick<Rekeying, 'source' | 'target'>): boolean {
  return source.bucket === target.bucket && source.key === target.key;
}
