import type { Checksum } from '../checksum/checksum.ts';
import type { Seal } from '../sse-c/object-cipher.ts';

/** All that is kept of an object but its bytes; one small file, replaced as a whole. */
export interface ObjectRecord {
  readonly key: string;
  /** Of the plaintext, as everywhere in S3. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** ISO 8601; S3 keeps whole seconds. */
  readonly lastModified: string;
  readonly storageClass: string;
  readonly checksum: Checksum;
  /** Content-Type and the other headers that S3 gives back. */
  readonly headers: Readonly<Record<string, string>>;
  /** x-amz-meta-*, without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The name of the file that holds the bytes. */
  readonly data: string;
  /** Present: the bytes are encrypted under a customer key. */
  readonly seal?: Seal;
}

/** Records are written by this program alone; this tells a damaged file. */
export function isObjectRecord(value: unknown): value is ObjectRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    'key' in value &&
    typeof value.key === 'string' &&
    'size' in value &&
    typeof value.size === 'number' &&
    'data' in value &&
    typeof value.data === 'string' &&
    'checksum' in value &&
    'headers' in value &&
    'metadata' in value
  );
}
