import {
  DeleteObjectCommand,
  type DeleteObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { checkBucketName, checkObjectKey } from './object-address.ts';
import { type ObjectVersion, checkVersionId, versionField } from './object-version.ts';
import { refusalOfGet } from './read-refusal.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, failureOf, toSsecError } from './service-error.ts';

export interface DeleteObjectOptions extends ObjectVersion {
  readonly client: SsecClient;
  /**
   * Whether what is not there is an error. S3 answers for it as for what was: one HeadObject more asks before, and
   * where the credentials may not ask, the object is deleted unasked.
   */
  readonly mustExist?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface DeleteObjectResult {
  readonly bucket: string;
  readonly key: string;
  /** The version that was deleted, or that of the delete marker; undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  /**
   * Without a version in the request: the object is not gone, a delete marker stands before its versions.
   * With one: what was deleted is a marker, and the version before it is the object again.
   */
  readonly deleteMarker: boolean;
}

/**
 * Deletes an object, or one version of it for good. No customer key is needed for it.
 *
 * @throws SsecError OBJECT_NOT_FOUND with `mustExist`; ACCESS_DENIED, BUCKET_NOT_FOUND, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
 */
export async function deleteObject(options: DeleteObjectOptions): Promise<DeleteObjectResult> {
  const { client, bucket, key, versionId, signal } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  checkVersionId(versionId);
  const missing = options.mustExist === true ? await missingObject(options) : undefined;
  // a version that is not found may be a delete marker: some servers do not tell them apart
  if (missing !== undefined && versionId === undefined) throw missing;
  let output: DeleteObjectCommandOutput;
  try {
    output = await client.send<DeleteObjectCommandOutput>(
      new DeleteObjectCommand({ Bucket: bucket, Key: key, ...versionField(options) }),
      { signal },
    );
  } catch (error) {
    const operation = versionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion';
    throw failureOf(error, requestOf(options, operation), signal);
  }
  const isMarker = output.DeleteMarker === true;
  if (missing !== undefined && !isMarker) throw missing;
  return { bucket, key, versionId: output.VersionId ?? versionId, deleteMarker: isMarker };
}

/** @returns why it can be said not to be there; undefined where it is, or nobody tells */
async function missingObject(options: DeleteObjectOptions): Promise<SsecError | undefined> {
  const { client, bucket, key, signal } = options;
  try {
    await client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ...versionField(options) }),
      { signal },
    );
    return undefined;
  } catch (error) {
    const status = serviceAnswer(error)?.status;
    const request = requestOf(options, 'HeadObject');
    if (status === 404) {
      // the bucket may be what is missing
      const reason = await refusalOfGet(client, { ...options, customerKey: undefined }, signal);
      return toSsecError(reason ?? error, request);
    }
    // encrypted with a key that we do not send; not for us to read; a delete marker
    if (status !== undefined && status < 500 && status !== 429) return undefined;
    throw failureOf(error, request, signal);
  }
}

function requestOf(
  { client, bucket, key, versionId }: DeleteObjectOptions,
  operation: string,
): ServiceRequest {
  return { operation, bucket, key, versionId, customerKeySent: false, endpoint: client.endpoint };
}
