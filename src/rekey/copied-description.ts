import type { HeadObjectCommandOutput, StorageClass } from '@aws-sdk/client-s3';
import type { ObjectHeaders } from '../object-headers.ts';
import type { LostTrait } from './rekey-result.ts';

/** Classes of which S3 reads nothing before it was asked to (AmazonS3/latest/userguide/archived-objects.html). */
const ARCHIVES: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Whether an object must be restored before it can be copied. */
export function isArchived(head: HeadObjectCommandOutput): boolean {
  const isAway = ARCHIVES.has(head.StorageClass ?? '') || head.ArchiveStatus !== undefined;
  return isAway && head.Restore?.includes('ongoing-request="false"') !== true;
}

/**
 * Whether what describes an object can go out in headers: S3 keeps metadata that cannot, and some servers hand out
 * characters that cannot be signed.
 */
export function isSendable(head: HeadObjectCommandOutput): boolean {
  if ((head.MissingMeta ?? 0) > 0) return false;
  const words = [
    ...Object.entries(head.Metadata ?? {}).flat(),
    ...Object.values(headersOf(head)),
    head.ContentType,
  ];
  return words.every((word) => word === undefined || /^[\t\x20-\x7e]*$/.test(word));
}

/** What describes the source besides its metadata, in the words of a put. */
export function headersOf(head: HeadObjectCommandOutput): ObjectHeaders {
  return {
    cacheControl: head.CacheControl,
    contentDisposition: head.ContentDisposition,
    contentEncoding: head.ContentEncoding,
    contentLanguage: head.ContentLanguage,
    expires: head.ExpiresString,
    websiteRedirectLocation: head.WebsiteRedirectLocation,
  };
}

/**
 * What CopyObject does not take over by itself.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function uncopiedFields(head: HeadObjectCommandOutput): {
  StorageClass?: StorageClass;
  WebsiteRedirectLocation?: string;
} {
  return {
    // S3 does not name STANDARD, which is the default of a copy
    ...(head.StorageClass === undefined ? {} : { StorageClass: head.StorageClass }),
    ...(head.WebsiteRedirectLocation === undefined
      ? {}
      : { WebsiteRedirectLocation: head.WebsiteRedirectLocation }),
  };
}

/** What a copy cannot keep of this very object; empty for most. */
export function lostOf(head: HeadObjectCommandOutput): readonly LostTrait[] {
  const isLocked = head.ObjectLockMode !== undefined || head.ObjectLockLegalHoldStatus === 'ON';
  return isLocked ? ['object-lock'] : [];
}
