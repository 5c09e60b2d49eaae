import type { ObjectAddress } from '../object-address.ts';
import type { ObjectEncryption } from '../object-encryption.ts';
import type { ObjectVersion } from '../object-version.ts';
import type { ChecksumAlgorithm, StoredChecksum } from '../transfer/checksum.ts';

/** By what an object was copied: one of S3's operations, or down and up again. */
export type CopyWay = 'CopyObject' | 'UploadPartCopy' | 'client';

/** What agrees between an object and its copy. */
export type CopyProof = ChecksumAlgorithm | 'MD5' | 'size';

/** What an object had and its copy has not. */
export type LostTrait = 'object-lock';

/** A version that a copy in place replaced, and that is under the old key for ever. */
export interface OldVersion {
  readonly versionId: string;
  readonly deleted: boolean;
}

export interface RekeyObjectResult {
  /**
   * - `rekeyed`: it is under the new key now, proved
   * - `pending`: it would be, were it no dry run
   * - `already`: it was before
   * - `skipped`: its key is not one of those that are to be changed
   */
  readonly status: 'rekeyed' | 'pending' | 'already' | 'skipped';
  readonly source: ObjectVersion;
  readonly target: ObjectAddress;
  /** Bytes; undefined where no key opened it. */
  readonly size: number | undefined;
  /** What the source was encrypted with. */
  readonly from: ObjectEncryption;
  /** How it was copied; undefined where it was not. */
  readonly copiedBy: CopyWay | undefined;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  readonly checksum: StoredChecksum | undefined;
  /**
   * What stands for it that the content is the same: a checksum that S3 keeps of both; through the client what the
   * server verified of the bytes that it was sent; else their length. undefined where nothing was copied.
   */
  readonly proof: CopyProof | undefined;
  /** The version that the copy replaced, in a bucket with versions. */
  readonly oldVersion: OldVersion | undefined;
  /** What the source had and the copy has not. */
  readonly lost: readonly LostTrait[];
}
