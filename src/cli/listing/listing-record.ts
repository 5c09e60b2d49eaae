import type { Redactor } from '../output/redactor.ts';
import type { JsonRecord } from '../output/reporter.ts';
import {
  type KnownEncryption,
  type ListingEntry,
  isDeleteMarker,
  isPrefix,
  versionOf,
} from './listing-entry.ts';

/** What `--json` tells of an entry: `ls` for an object, a version or a delete marker, `ls-prefix` for a folder. */
export function listingRecord(
  bucket: string,
  entry: ListingEntry,
  known: KnownEncryption,
  redactor: Redactor,
): JsonRecord {
  if (isPrefix(entry))
    return { type: 'ls-prefix', ...redactor.strikeMembers({ Bucket: bucket, Prefix: entry.prefix }) };
  const version = versionOf(entry);
  const object = isDeleteMarker(entry) ? undefined : entry;
  return {
    type: 'ls',
    ...redactor.strikeMembers({
      Bucket: bucket,
      Key: entry.key,
      VersionId: version?.versionId ?? null,
      IsLatest: version?.isLatest ?? null,
      DeleteMarker: version?.isDeleteMarker ?? null,
      Size: object?.size ?? null,
      LastModified: entry.lastModified?.toISOString() ?? null,
      ETag: object?.etag ?? null,
      StorageClass: object?.storageClass ?? null,
    }),
    ...encryptionFields(known, redactor),
  };
}

/** The same members in a record of an object and of a sum. */
export function encryptionFields(
  known: KnownEncryption,
  redactor: Redactor,
): Readonly<Record<string, unknown>> {
  if (known === undefined || known === 'denied')
    return {
      Encryption: known ?? null,
      KeyFound: null,
      KeyName: null,
      SSECustomerKeyMD5: null,
      SSEKMSKeyId: null,
    };
  const { encryption, ringKey, kmsKeyId } = known;
  return {
    Encryption: redactor.strike(encryption),
    KeyFound: encryption === 'SSE-C' ? ringKey !== undefined : null,
    KeyName: ringKey === undefined || ringKey.name === '' ? null : ringKey.name,
    SSECustomerKeyMD5: ringKey?.customerKey.fingerprint ?? null,
    SSEKMSKeyId: kmsKeyId === undefined ? null : redactor.strike(kmsKeyId),
  };
}
