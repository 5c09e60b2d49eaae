import type { Checksum, ChecksumAlgorithm } from '../checksum/checksum.ts';
import type { Seal } from '../sse-c/object-cipher.ts';
import type { ChecksumType, ObjectPiece, ObjectRecord } from './object-record.ts';

/** What CreateMultipartUpload said of the object to be. */
export interface UploadRecord
  extends Pick<ObjectRecord, 'key' | 'storageClass' | 'headers' | 'metadata' | 'tags'> {
  readonly uploadId: string;
  /** ISO 8601 */
  readonly initiated: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
  /** Present: parts must come under the customer key that opens it. It seals nothing itself. */
  readonly seal?: Seal;
  /** The first data file of the object that stood at the key then: tells whether it was replaced since. */
  readonly before?: string;
}

export interface PartRecord extends ObjectPiece {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
  /** ISO 8601 */
  readonly lastModified: string;
  /** By the upload's algorithm; CRC64NVME where it has none, so that the whole object's can be derived. */
  readonly checksum: Checksum;
}

export interface Upload {
  readonly record: UploadRecord;
  readonly parts: ReadonlyMap<number, PartRecord>;
}

export function isUploadRecord(value: unknown): value is UploadRecord {
  return hasTexts(value, 'uploadId', 'key', 'initiated');
}

export function isPartRecord(value: unknown): value is PartRecord {
  return hasTexts(value, 'data', 'etag') && 'number' in value && 'checksum' in value;
}

function hasTexts(value: unknown, ...names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof new Map(Object.entries(value)).get(name) === 'string');
}
