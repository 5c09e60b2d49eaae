import { noSuchKey, preconditionFailed } from '../s3-error.ts';
import { isDeleteMarker } from '../store/object-version.ts';
import { nullVersionId } from '../store/version-id.ts';
import { objectArn, requireAllowed } from './account.ts';
import { isSameEtag } from './conditions.ts';
import { wholeSeconds } from './object-headers.ts';
import type { BucketContext } from './operation.ts';

export interface Deletion {
  readonly key: string;
  /** undefined: the key is to look deleted, whatever that takes in this bucket. */
  readonly versionId: string | undefined;
  /** An ETag, or `*`: what the current version must be. */
  readonly ifMatch: string | undefined;
}

export interface DeletionResult {
  /** Of the version that is gone, or of the delete marker that was made. */
  readonly versionId?: string;
  /** A delete marker was made, or was what is gone. */
  readonly deleteMarker: boolean;
}

/**
 * No customer key is needed to delete, and there need be nothing to delete.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
 */
export function deleteVersion(context: BucketContext, deletion: Deletion): DeletionResult {
  const { bucket, now } = context;
  const { key, versionId } = deletion;
  requireCondition(context, deletion);
  if (versionId !== undefined) {
    const removed = bucket.remove(key, versionId);
    return { versionId, deleteMarker: removed !== undefined && isDeleteMarker(removed) };
  }
  if (bucket.settings.versioning === undefined) {
    bucket.remove(key, nullVersionId);
    return { deleteMarker: false };
  }
  const marker = bucket.addDeleteMarker(key, wholeSeconds(now));
  return { versionId: marker.versionId, deleteMarker: true };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
function requireCondition({ bucket, settings }: BucketContext, { key, ifMatch }: Deletion): void {
  if (ifMatch === undefined) return;
  // To compare an ETag is to read it.
  if (ifMatch !== '*') requireAllowed(settings, 's3:GetObject', objectArn(bucket.name, key));
  const current = bucket.versions.current(key);
  if (current === undefined) throw noSuchKey(key);
  const holds = !isDeleteMarker(current) && (ifMatch === '*' || isSameEtag(ifMatch, current.etag));
  if (!holds) throw preconditionFailed('If-Match');
}
