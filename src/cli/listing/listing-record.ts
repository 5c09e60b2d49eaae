import type { KeySum } from './key-tally.ts';
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
    SSEKMSKeyId: kmsKeyId(known, redactor),
  };
}

/** What `--json` tells of all that lies under one key. */
export function sumRecord(
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  { known, objects, bytes }: KeySum,
  redactor: Redactor,
): JsonRecord {
  const ringKey = known === 'denied' ? undefined : known.ringKey;
  return {
    type: 'ls-summary',
    ...redactor.strikeMembers({ Bucket: bucket, Prefix: prefix }),
    ...encryptionFields(known, redactor),
    Retired: ringKey === undefined || ringKey.name === '' ? null : ringKey.isRetired,
    Objects: objects,
    Size: bytes,
  };
}

function encryptionFields(known: KnownEncryption, redactor: Redactor): Readonly<Record<string, unknown>> {
  if (known === undefined || known === 'denied')
    return { Encryption: known ?? null, KeyFound: null, KeyName: null, SSECustomerKeyMD5: null };
  const { encryption, ringKey } = known;
  return {
    Encryption: redactor.strike(encryption),
    KeyFound: encryption === 'SSE-C' ? ringKey !== undefined : null,
    KeyName: ringKey === undefined || ringKey.name === '' ? null : ringKey.name,
    SSECustomerKeyMD5: ringKey?.customerKey.fingerprint ?? null,
  };
}

function kmsKeyId(known: KnownEncryption, redactor: Redactor): string | null {
  const id = known === undefined || known === 'denied' ? undefined : known.kmsKeyId;
  return id === undefined ? null : redactor.strike(id);
}
