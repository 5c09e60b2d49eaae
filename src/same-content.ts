import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import type { ObjectAddress } from './object-address.ts';
import { objectHead } from './object-head.ts';
import { failureOf } from './service-error.ts';
import { sourceChecksum } from './transfer/source-checksum.ts';
import type { Source } from './transfer/source.ts';
import { echoes } from './write-proof.ts';

export interface SameContentOptions extends ObjectAddress {
  readonly client: SsecClient;
  /** undefined = ask without SSE-C headers. */
  readonly customerKey: CustomerKey | undefined;
  /** Stays open. */
  readonly source: Source;
  readonly signal?: AbortSignal;
}

/**
 * Whether an object is encrypted under this very key and holds what a file holds, by its size and the full-object
 * checksum that S3 keeps. `unknown` = all else agrees, and S3 keeps no such checksum.
 *
 * @throws SsecError where S3 does not answer about the object with this key
 */
export async function sameContent(options: SameContentOptions): Promise<boolean | 'unknown'> {
  const { client, bucket, key, customerKey, source, signal } = options;
  const release = await client.slots.acquire(1, signal);
  let output: HeadObjectCommandOutput;
  try {
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key, ...customerKey?.requestFields() });
    output = await client.send<HeadObjectCommandOutput>(command, { signal });
  } catch (error) {
    const request = { operation: 'HeadObject', bucket, key, customerKeySent: customerKey !== undefined };
    throw failureOf(error, { ...request, endpoint: client.endpoint }, signal);
  } finally {
    release();
  }
  if (customerKey !== undefined && !echoes(output, customerKey)) return false;
  const { size, checksum } = objectHead(options, output, customerKey !== undefined);
  if (size !== source.size) return false;
  if (checksum === undefined) return 'unknown';
  return (await sourceChecksum(source, checksum.algorithm, signal)) === checksum.value;
}
