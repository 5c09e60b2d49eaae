import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { invalidArgument, noSuchKey, noSuchVersion, S3Error } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { type DeleteMarker, isDeleteMarker, type ObjectVersion } from '../store/object-version.ts';
import { isVersionId, nullVersionId } from '../store/version-id.ts';
import { requireAllowed } from './account.ts';
import type { BucketContext } from './operation.ts';

export function readVersionId(request: S3Request): string | undefined {
  const versionId = queryParameter(request, 'versionId');
  if (versionId === undefined) return undefined;
  if (versionId === '') {
    throw invalidArgument('Version id cannot be the empty string', 'versionId', versionId);
  }
  if (!isVersionId(versionId)) throw invalidArgument('Invalid version id specified', 'versionId', versionId);
  return versionId;
}

/** A bucket that never had versions does not speak of them, not even of `null`. */
export function versionHeaders(
  { bucket }: BucketContext,
  { versionId }: ObjectVersion,
): Record<string, string> {
  return bucket.settings.versioning === undefined ? {} : { 'x-amz-version-id': versionId };
}

/** Of a write: S3 does not speak of a version that it put as `null`. */
export function newVersionHeaders({ versionId }: ObjectVersion): Record<string, string> {
  return versionId === nullVersionId ? {} : { 'x-amz-version-id': versionId };
}

/**
 * The version that the request names, or the current one. A delete marker in its place is an error: where it is the
 * current version, the key is not there for a read, while its tags are refused as those of a marker are.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
 */
export function requestedVersion(context: BucketContext, use: 'read' | 'tags'): ObjectRecord {
  const { request, bucket, settings } = context;
  const versionId = readVersionId(request);
  const version =
    versionId === undefined
      ? bucket.versions.current(request.key)
      : bucket.versions.find(request.key, versionId);
  if (version !== undefined && !isDeleteMarker(version)) return version;
  // S3 hides what is not there from whoever may not list.
  requireAllowed(settings, 's3:ListBucket', `arn:aws:s3:::${bucket.name}`);
  if (version === undefined) {
    throw versionId === undefined ? noSuchKey(request.key) : noSuchVersion(request.key, versionId);
  }
  const headers = { 'x-amz-delete-marker': 'true', ...versionHeaders(context, version) };
  if (versionId === undefined && use === 'read') throw noSuchKey(request.key, headers);
  throw notAllowedOnMarker(request, version, headers);
}

function notAllowedOnMarker(
  { method }: S3Request,
  { lastModified }: DeleteMarker,
  headers: Readonly<Record<string, string>>,
): S3Error {
  return new S3Error(
    405,
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    { Method: method, ResourceType: 'DeleteMarker' },
    { ...headers, Allow: 'DELETE', 'Last-Modified': new Date(lastModified).toUTCString() },
  );
}
