import type { Checksum } from '../checksum/checksum.ts';
import type { Seal } from '../sse-c/object-cipher.ts';

/** Of the content, or of the checksums of its parts. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface ObjectChecksum extends Checksum {
  readonly type: ChecksumType;
}

/** A run of an object's content in a file of its own: all of it, or what one part brought. */
export interface ObjectPiece {
  /** The name of the file that holds the bytes. */
  readonly data: string;
  /** Of the plaintext, as everywhere in S3. */
  readonly size: number;
  /** Present: the bytes are encrypted under a customer key. */
  readonly seal?: Seal;
}

/** What a read by part number shows of a part. */
export interface ObjectPart {
  readonly number: number;
  /** Present where the upload had a checksum algorithm. */
  readonly checksum?: Checksum;
}

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** What tells the versions of one key apart. */
export interface VersionIdentity {
  readonly versionId: string;
  /** Grows from version to version of a bucket: of a key, the one with the highest is the current one. */
  readonly sequence: number;
}

/** What there is to say of an object before it has its place among the versions of its key. */
export type NewObject = Omit<ObjectRecord, keyof VersionIdentity>;

/** All that is kept of a version of an object but its bytes; one small file, replaced as a whole. */
export interface ObjectRecord extends VersionIdentity {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** ISO 8601; S3 keeps whole seconds. */
  readonly lastModified: string;
  readonly storageClass: string;
  /** Absent on an SSE-C object whose multipart upload had no algorithm, and was completed without the key. */
  readonly checksum?: ObjectChecksum;
  /** Content-Type and the other headers that S3 gives back. */
  readonly headers: Readonly<Record<string, string>>;
  /** x-amz-meta-*, without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of their keys; absent where there are none. */
  readonly tags?: readonly Tag[];
  /** In order; at least one. All are under the same customer key, or none is. */
  readonly pieces: readonly [ObjectPiece, ...ObjectPiece[]];
  /** Of a multipart upload: one for each piece. */
  readonly parts?: readonly ObjectPart[];
}
