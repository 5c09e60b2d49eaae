import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import { checkBucketName, checkObjectKey } from './object-address.ts';
import { type ObjectHead, objectHead } from './object-head.ts';
import { type ObjectVersion, checkVersionId, versionField } from './object-version.ts';
import { explainReadRefusal, refusalOfGet } from './read-refusal.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, failureOf, keyNotNeeded } from './service-error.ts';
import { echoes } from './write-proof.ts';

export interface HeadObjectOptions extends ObjectVersion {
  readonly client: SsecClient;
  /** undefined = ask without SSE-C headers. */
  readonly customerKey: CustomerKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** All that S3 says of an object without its bytes; undefined where it says nothing of it. */
export interface ObjectDescription extends ObjectHead {
  readonly cacheControl: string | undefined;
  readonly contentDisposition: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLanguage: string | undefined;
  /** As it was put; not always a date. */
  readonly expires: string | undefined;
  readonly websiteRedirectLocation: string | undefined;
  /** Metadata that cannot stand in headers, and are not in `metadata`. */
  readonly missingMeta: number | undefined;
  /** S3 does not name STANDARD. */
  readonly storageClass: string | undefined;
  readonly archiveStatus: string | undefined;
  readonly restore: string | undefined;
  /** When a lifecycle rule deletes it, and which. */
  readonly expiration: string | undefined;
  /** Where the key is not the customer's: `AES256`, `aws:kms`, ... */
  readonly serverSideEncryption: string | undefined;
  readonly kmsKeyId: string | undefined;
  readonly bucketKeyEnabled: boolean | undefined;
  readonly tagCount: number | undefined;
  readonly replicationStatus: string | undefined;
  readonly objectLockMode: string | undefined;
  readonly objectLockRetainUntilDate: Date | undefined;
  readonly objectLockLegalHoldStatus: string | undefined;
}

/**
 * What S3 says of an object, and whether the key opens it: the answer must echo the key's MD5.
 *
 * @throws SsecError KEY_MISSING, KEY_MISMATCH, KEY_NOT_NEEDED, OBJECT_NOT_FOUND, ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export async function headObject(options: HeadObjectOptions): Promise<ObjectDescription> {
  const { client, bucket, key, versionId, customerKey, signal } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  checkVersionId(versionId);
  const request: ServiceRequest = {
    operation: 'HeadObject',
    bucket,
    key,
    versionId,
    customerKeySent: customerKey !== undefined,
    fingerprint: customerKey?.fingerprint,
    endpoint: client.endpoint,
  };
  try {
    const output = await sendHead(options, request);
    return describe(provenHead(options, output, request), output);
  } catch (error) {
    throw error instanceof SsecError ? error : failureOf(error, request, signal);
  }
}

/**
 * A refused HEAD says no more than its status; where that may mean several things, the reason is asked for.
 *
 * @internal
 */
export async function sendHead(
  options: HeadObjectOptions,
  request: ServiceRequest,
): Promise<HeadObjectCommandOutput> {
  const { client, bucket, key, customerKey, signal } = options;
  try {
    return await client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        ...versionField(options),
        ...customerKey?.requestFields(),
      }),
      { signal, bulk: true },
    );
  } catch (error) {
    const isBare = [400, 403, 404].includes(serviceAnswer(error)?.status ?? 0);
    const reason = isBare ? await refusalOfGet(client, options, signal) : undefined;
    throw await explainReadRefusal(client, reason ?? error, request, signal);
  }
}

/**
 * RGW answers 200 and ignores the key where the object is plain.
 *
 * @throws SsecError KEY_NOT_NEEDED
 * @internal
 */
export function provenHead(
  options: Pick<HeadObjectOptions, 'bucket' | 'key' | 'customerKey'>,
  output: Parameters<typeof objectHead>[1],
  request: ServiceRequest,
): ObjectHead {
  const { customerKey } = options;
  if (customerKey !== undefined && !echoes(output, customerKey)) {
    const { code, message, hints } = keyNotNeeded(request);
    throw new SsecError(code, message, { hints });
  }
  return objectHead(options, output, customerKey !== undefined);
}

function describe(head: ObjectHead, output: HeadObjectCommandOutput): ObjectDescription {
  return {
    ...head,
    cacheControl: output.CacheControl,
    contentDisposition: output.ContentDisposition,
    contentEncoding: output.ContentEncoding,
    contentLanguage: output.ContentLanguage,
    expires: output.ExpiresString,
    websiteRedirectLocation: output.WebsiteRedirectLocation,
    missingMeta: output.MissingMeta,
    storageClass: output.StorageClass,
    archiveStatus: output.ArchiveStatus,
    restore: output.Restore,
    expiration: output.Expiration,
    serverSideEncryption: output.ServerSideEncryption,
    kmsKeyId: output.SSEKMSKeyId,
    bucketKeyEnabled: output.BucketKeyEnabled,
    tagCount: output.TagCount,
    replicationStatus: output.ReplicationStatus,
    objectLockMode: output.ObjectLockMode,
    objectLockRetainUntilDate: output.ObjectLockRetainUntilDate,
    objectLockLegalHoldStatus: output.ObjectLockLegalHoldStatus,
  };
}
