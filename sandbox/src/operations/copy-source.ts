import { decodeUtf8, percentDecode } from '../http/uri.ts';
import type { S3Request } from '../http/s3-request.ts';
import {
  accessDenied,
  headerNotImplemented,
  invalidArgument,
  invalidRequest,
  noSuchBucket,
  noSuchKey,
  noSuchVersion,
  S3Error,
} from '../s3-error.ts';
import {
  anySseCHeader,
  type CustomerKey,
  otherCustomerKey,
  readCustomerKey,
} from '../sse-c/customer-key-headers.ts';
import type { Bucket } from '../store/bucket.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { isDeleteMarker } from '../store/object-version.ts';
import { isVersionId } from '../store/version-id.ts';
import { accountId, objectArn, requireAllowed } from './account.ts';
import { checkCopyConditions } from './conditions.ts';
import { requireRightKey } from './find-object.ts';
import type { BucketContext } from './operation.ts';

/** Which object is to be copied, as `x-amz-copy-source` names it. */
interface CopySourceName {
  readonly bucket: string;
  readonly key: string;
  /** Absent: the current one. */
  readonly versionId?: string;
}

export interface CopySource {
  readonly bucket: Bucket;
  readonly record: ObjectRecord;
  readonly customerKey: CustomerKey | undefined;
  /** A version was asked for by its ID. */
  readonly isOfVersion: boolean;
}

/** `bucket/key` or `/bucket/key`, encoded as in a URL, and perhaps `?versionId=` after it. */
export function readCopySource({ headers }: S3Request): CopySourceName {
  const header = headers.get('x-amz-copy-source') ?? '';
  const [, path = '', versionId] = /^(.*?)(?:\?versionId=(.*))?$/s.exec(header) ?? [];
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(decodeUtf8(percentDecode(path))) ?? [];
  if (bucket === undefined || key === undefined) {
    throw invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      header,
    );
  }
  if (versionId === undefined) return { bucket, key };
  if (!isVersionId(versionId)) throw invalidArgument('Invalid version id specified', 'versionId', versionId);
  return { bucket, key, versionId };
}

/** Where the server is to be one that does not copy between keys: what Ceph RGW 16 says to an SSE-C source. */
export function rejectUnwantedCopy({ request, settings }: BucketContext): void {
  const header = settings.copies === 'refuse' ? anySseCHeader(request) : undefined;
  if (header !== undefined) throw headerNotImplemented(header);
}

/** S3 judges these headers before those of the target; whether the MD5 came along does not matter, as on a read. */
export function readCopySourceKey({ request, settings }: BucketContext): CustomerKey | undefined {
  return settings.sseC === 'ignore' ? undefined : readCustomerKey(request, 'copy-source');
}

/**
 * The object to copy, once the right key for it is there and its conditions hold. The reader needs the same
 * permissions as for a read.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function findCopySource(
  context: BucketContext,
  name: CopySourceName,
  customerKey: CustomerKey | undefined,
): CopySource {
  const { request, store, settings, now } = context;
  const isOfVersion = name.versionId !== undefined;
  const bucket = store.bucket(name.bucket);
  if (bucket === undefined) throw noSuchBucket(name.bucket);
  const owner = request.headers.get('x-amz-source-expected-bucket-owner');
  if (owner !== undefined && owner !== accountId) throw accessDenied();
  const action = isOfVersion ? 's3:GetObjectVersion' : 's3:GetObject';
  requireAllowed(settings, action, objectArn(name.bucket, name.key));
  const record = findVersion(context, bucket, name);
  requireRightKey(record, customerKey, otherCustomerKey);
  checkCopyConditions(request, record, now);
  if (record.storageClass === 'GLACIER' || record.storageClass === 'DEEP_ARCHIVE') {
    throw new S3Error(
      403,
      'InvalidObjectState',
      "Operation is not valid for the source object's storage class",
      { StorageClass: record.storageClass },
    );
  }
  return { bucket, record, customerKey, isOfVersion };
}

function findVersion(
  { settings }: BucketContext,
  bucket: Bucket,
  { key, versionId }: CopySourceName,
): ObjectRecord {
  const version =
    versionId === undefined ? bucket.versions.current(key) : bucket.versions.find(key, versionId);
  if (version !== undefined && !isDeleteMarker(version)) return version;
  // S3 hides what is not there from whoever may not list.
  requireAllowed(settings, 's3:ListBucket', `arn:aws:s3:::${bucket.name}`);
  if (versionId === undefined) throw noSuchKey(key);
  if (version === undefined) throw noSuchVersion(key, versionId);
  throw invalidRequest(
    'The source of a copy request may not specifically refer to a delete marker by version id.',
  );
}

/** Which version was copied: of a bucket that never had versions nothing is said. */
export function copySourceVersionHeader({ bucket, record }: CopySource): Record<string, string> {
  return bucket.settings.versioning === undefined ? {} : { 'x-amz-copy-source-version-id': record.versionId };
}
