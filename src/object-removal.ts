import {
  DeleteObjectCommand,
  type DeleteObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import type { ObjectAddress } from './object-address.ts';
import { serviceAnswer } from './service-answer.ts';
import { toSsecError } from './service-error.ts';
import { shellWord } from './shell-word.ts';

/** An object of ours that could not be taken away again, or may be there. */
export interface LeftObject extends ObjectAddress {
  readonly versionId: string | undefined;
  readonly reason: SsecError;
}

/** Under a name that nobody else has, so that whatever is there is ours. */
export interface ObjectOfOurs extends ObjectAddress {
  readonly client: SsecClient;
}

/** Milliseconds that a request of the removal may take, after an interruption too. */
const REMOVE_TIMEOUT_MS = 10_000;

/**
 * Takes away an object whose write was answered. In a bucket with versions that is every version of it: a write whose
 * first answer was lost was sent twice.
 *
 * @param versionId as the write returned it
 * @returns what is left where that failed
 */
export async function removeObject(
  object: ObjectOfOurs,
  versionId: string | undefined,
): Promise<LeftObject | undefined> {
  if (versionId === undefined || versionId === '') return removeCurrent(object);
  return removeVersions(object, await versionsOf(object).catch(() => [versionId]));
}

/**
 * Takes away what a write may have left whose answer did not come, or was a refusal after the bytes.
 *
 * @param customerKey that it was sent with
 * @returns what is left, or may be, where that failed
 */
export async function removeIfThere(
  object: ObjectOfOurs,
  customerKey: CustomerKey,
): Promise<LeftObject | undefined> {
  const versions = await versionsOf(object).catch(() => undefined);
  if (versions !== undefined) return removeVersions(object, versions);
  // who may not list, or whose server knows no versions, can still look at the one that is current
  const seen = (await look(object, customerKey.requestFields())) ?? (await look(object, {}));
  if (seen === 'absent') return undefined;
  const versionId = seen?.VersionId ?? '';
  return versionId === '' ? removeCurrent(object) : removeVersions(object, [versionId]);
}

/** Versions and delete markers of one object; a bucket without versions has one, called `null`. */
async function versionsOf(object: ObjectOfOurs): Promise<readonly string[]> {
  const { client, bucket, key } = object;
  const { Versions, DeleteMarkers } = await client.send<ListObjectVersionsCommandOutput>(
    new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }),
    { signal: AbortSignal.timeout(REMOVE_TIMEOUT_MS) },
  );
  return [...(Versions ?? []), ...(DeleteMarkers ?? [])].flatMap(({ Key, VersionId }) =>
    Key === key && VersionId !== undefined ? [VersionId] : [],
  );
}

async function removeVersions(
  object: ObjectOfOurs,
  versions: readonly string[],
): Promise<LeftObject | undefined> {
  const results = await Promise.all(
    versions.map((versionId) =>
      remove(object, versionId).then(
        () => undefined,
        (error: unknown) => leftOf(object, versionId, error),
      ),
    ),
  );
  return results.find((left) => left !== undefined);
}

/** The one without a version, as far as anybody knows. */
async function removeCurrent(object: ObjectOfOurs): Promise<LeftObject | undefined> {
  try {
    const { DeleteMarker: isMarked, VersionId: marker } = await remove(object, undefined);
    if (isMarked !== true || marker === undefined) return undefined;
    // where versions are suspended the object is gone, and a marker stands in its place
    if (marker === 'null') {
      await remove(object, marker);
      return undefined;
    }
    // else the object is under the marker, and its version is not known
    const { bucket, key } = object;
    const hint = `aws s3api list-object-versions --bucket ${shellWord(bucket)} --prefix ${shellWord(key)}`;
    return leftOf(
      object,
      undefined,
      new SsecError('ACCESS_DENIED', 'only a delete marker could be set, since versions may not be listed', {
        hints: ['ask for s3:ListBucketVersions', hint],
      }),
    );
  } catch (error) {
    return leftOf(object, undefined, error);
  }
}

function remove(
  { client, bucket, key }: ObjectOfOurs,
  versionId: string | undefined,
): Promise<DeleteObjectCommandOutput> {
  const version = versionId === undefined ? {} : { VersionId: versionId };
  return client.send<DeleteObjectCommandOutput>(
    new DeleteObjectCommand({ Bucket: bucket, Key: key, ...version }),
    { signal: AbortSignal.timeout(REMOVE_TIMEOUT_MS) },
  );
}

/** undefined = nobody knows. */
async function look(
  { client, bucket, key }: ObjectOfOurs,
  fields: object,
): Promise<HeadObjectCommandOutput | 'absent' | undefined> {
  return client
    .send<HeadObjectCommandOutput>(new HeadObjectCommand({ Bucket: bucket, Key: key, ...fields }), {
      signal: AbortSignal.timeout(REMOVE_TIMEOUT_MS),
    })
    .catch((error: unknown) => (serviceAnswer(error)?.status === 404 ? 'absent' : undefined));
}

function leftOf(object: ObjectOfOurs, versionId: string | undefined, error: unknown): LeftObject {
  const { client, bucket, key } = object;
  const late = error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name);
  const reason = late
    ? new SsecError('TIMEOUT', 'the server did not answer in time.', { cause: error })
    : toSsecError(error, {
        operation: versionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion',
        bucket,
        key,
        customerKeySent: false,
        endpoint: client.endpoint,
      });
  return { bucket, key, versionId, reason };
}
