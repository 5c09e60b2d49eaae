import type { ObjectDescription } from '../../head-object.ts';
import { formatObjectAddress } from '../../object-address.ts';
import type { ObjectParts } from '../../object-parts.ts';
import type { NamedKey } from '../ring.ts';
import { storedChecksumFields } from './checksum-fields.ts';
import type { JsonRecord } from './reporter.ts';

/** All that was found out about an object. */
export interface ObjectFacts {
  readonly head: ObjectDescription;
  /** That opens it. */
  readonly key: NamedKey | undefined;
  /** undefined = it was put whole. */
  readonly parts: ObjectParts | undefined;
}

/** Every fact by S3's name for it; null where there is none. */
export function statRecord({ head, key, parts }: ObjectFacts): JsonRecord {
  return {
    type: 'stat',
    Bucket: head.bucket,
    Key: head.key,
    VersionId: head.versionId ?? null,
    Size: head.size,
    LastModified: head.lastModified?.toISOString() ?? null,
    ETag: head.etag ?? null,
    ContentType: head.contentType ?? null,
    CacheControl: head.cacheControl ?? null,
    ContentDisposition: head.contentDisposition ?? null,
    ContentEncoding: head.contentEncoding ?? null,
    ContentLanguage: head.contentLanguage ?? null,
    Expires: head.expires ?? null,
    WebsiteRedirectLocation: head.websiteRedirectLocation ?? null,
    Metadata: head.metadata,
    MissingMeta: head.missingMeta ?? null,
    SSECustomerAlgorithm: head.encrypted ? 'AES256' : null,
    SSECustomerKeyMD5: key?.customerKey.fingerprint ?? null,
    KeyName: key?.name ?? null,
    ServerSideEncryption: head.serverSideEncryption ?? null,
    SSEKMSKeyId: head.kmsKeyId ?? null,
    BucketKeyEnabled: head.bucketKeyEnabled ?? null,
    ...storedChecksumFields(head),
    TotalPartsCount: parts?.count ?? null,
    Parts: parts === undefined ? null : parts.parts.map(partRecord),
    StorageClass: head.storageClass ?? null,
    ArchiveStatus: head.archiveStatus ?? null,
    Restore: head.restore ?? null,
    Expiration: head.expiration ?? null,
    TagCount: head.tagCount ?? null,
    ReplicationStatus: head.replicationStatus ?? null,
    ObjectLockMode: head.objectLockMode ?? null,
    ObjectLockRetainUntilDate: head.objectLockRetainUntilDate?.toISOString() ?? null,
    ObjectLockLegalHoldStatus: head.objectLockLegalHoldStatus ?? null,
  };
}

/**
 * The address, and under it a fact a line.
 *
 * @param told the facts, without those that the address has
 */
export function statLines(
  { head, parts }: ObjectFacts,
  told: Readonly<Record<string, unknown>>,
): readonly string[] {
  const facts = Object.entries(told).flatMap(([name, value]): (readonly [string, string])[] => {
    if (value === null) return [];
    if (name === 'Metadata')
      return Object.entries(head.metadata).map(([key, text]) => [`${name}.${key}`, text]);
    if (name === 'Parts') return partSizes(parts).map((sizes) => [name, sizes]);
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
  const width = Math.max(0, ...facts.map(([name]) => name.length));
  return [formatObjectAddress(head), ...facts.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`)];
}

function partRecord({ number, size, checksum }: ObjectParts['parts'][number]): object {
  return {
    PartNumber: number,
    Size: size ?? null,
    ...(checksum === undefined ? {} : { [`Checksum${checksum.algorithm}`]: checksum.value }),
  };
}

/** `11 x 8388608, 1 x 1234`: mostly all but the last are of one size. */
function partSizes(parts: ObjectParts | undefined): readonly string[] {
  const runs: { size: number | undefined; count: number }[] = [];
  for (const { size } of parts?.parts ?? []) {
    const last = runs.at(-1);
    if (last?.size === size && last !== undefined) last.count += 1;
    else runs.push({ size, count: 1 });
  }
  return runs.length === 0 ? [] : [runs.map(({ size, count }) => `${count} x ${size ?? '?'}`).join(', ')];
}
