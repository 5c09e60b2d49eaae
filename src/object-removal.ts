import {
  DeleteObjectCommand,
  type DeleteObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import type { SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import type { ObjectAddress } from './object-address.ts';
import { serviceAnswer } from './service-answer.ts';
import { toSsecError } from './service-error.ts';

/** An object of ours that could not be taken away again. */
export interface LeftObject extends ObjectAddress {
  readonly versionId: string | undefined;
  readonly reason: SsecError;
}

export interface RemovalOptions extends ObjectAddress {
  readonly client: SsecClient;
  /** As the write returned it; in a bucket with versions the version itself goes, so that nothing is left. */
  readonly versionId: string | undefined;
}

/** Milliseconds that taking it away may take, after an interruption too. */
const REMOVE_TIMEOUT_MS = 10_000;

/**
 * Takes an object away that was put under a name nobody else has.
 *
 * @returns what is left where that failed
 */
export async function removeObject(options: RemovalOptions): Promise<LeftObject | undefined> {
  const { client, bucket, key } = options;
  const versionId = options.versionId === '' ? undefined : options.versionId;
  const remove = async (version: string | undefined): Promise<DeleteObjectCommandOutput> =>
    client.send<DeleteObjectCommandOutput>(
      new DeleteObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(version === undefined ? {} : { VersionId: version }),
      }),
      { signal: AbortSignal.timeout(REMOVE_TIMEOUT_MS) },
    );
  try {
    const { DeleteMarker: isMarked, VersionId: marker } = await remove(versionId);
    // where versions are suspended the object is gone, and a marker stands in its place
    if (versionId === undefined && isMarked === true && marker !== undefined) await remove(marker);
    return undefined;
  } catch (error) {
    const reason = toSsecError(error, {
      operation: versionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion',
      bucket,
      key,
      customerKeySent: false,
      endpoint: client.endpoint,
    });
    return { bucket, key, versionId, reason };
  }
}

/**
 * Takes away what a write may have left whose answer did not come, or was a refusal after the bytes.
 *
 * @param customerKey that it was sent with
 * @returns what is left, or may be, where that failed
 */
export async function removeIfThere(
  options: Omit<RemovalOptions, 'versionId'>,
  customerKey: CustomerKey,
): Promise<LeftObject | undefined> {
  const { client, bucket, key } = options;
  const look = async (fields: object): Promise<HeadObjectCommandOutput | 'absent' | undefined> =>
    client
      .send<HeadObjectCommandOutput>(new HeadObjectCommand({ Bucket: bucket, Key: key, ...fields }), {
        signal: AbortSignal.timeout(REMOVE_TIMEOUT_MS),
      })
      .catch((error: unknown) => (serviceAnswer(error)?.status === 404 ? 'absent' : undefined));
  // the server may have taken the key, or not
  const seen = (await look(customerKey.requestFields())) ?? (await look({}));
  if (seen === 'absent') return undefined;
  return removeObject({ ...options, versionId: seen?.VersionId });
}
