import { createHash } from 'node:crypto';
import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { CrcCombiner } from './crc-combine.ts';

/** A part that the server has. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  /** Base64, computed here. */
  readonly crc32: string;
  /** Whether a checksum that came with it was one that the server verifies. */
  readonly proof: 'CRC32' | 'MD5' | 'size';
}

/** What tells an object. */
export interface Expected {
  /** CRC32 of the whole, base64. */
  readonly crc32: string;
  readonly etag: string;
}

/** All parts of an upload, in the order in which they make the object. */
export class UploadedParts {
  readonly #parts = new Map<number, UploadedPart>();

  add(part: UploadedPart): void {
    this.#parts.set(part.number, part);
  }

  get inOrder(): readonly UploadedPart[] {
    return [...this.#parts.values()].sort((a, b) => a.number - b.number);
  }

  /** Bytes. */
  get size(): number {
    return this.inOrder.reduce((sum, part) => sum + part.size, 0);
  }

  /** By what the object is known that they make. */
  get expected(): Expected {
    return { crc32: this.crc32, etag: this.etag };
  }

  /** CRC32 of the whole object, base64. */
  get crc32(): string {
    const sum = new CrcCombiner('CRC32');
    for (const part of this.inOrder) sum.append(part.crc32, part.size);
    return sum.digest();
  }

  /**
   * The ETag that the object will have: MD5 of the parts' ETags, and their number. S3 keeps to that under SSE-C too;
   * it says which parts an object was made of, and nothing about its content.
   */
  get etag(): string {
    const parts = this.inOrder;
    const digest = createHash('md5');
    for (const part of parts) digest.update(Buffer.from(unquoted(part.etag), 'hex'));
    return `"${digest.digest('hex')}-${parts.length}"`;
  }

  /** The weakest proof among the parts. */
  get proof(): UploadedPart['proof'] {
    const proofs = new Set(this.inOrder.map((part) => part.proof));
    return proofs.has('size') ? 'size' : proofs.has('MD5') ? 'MD5' : 'CRC32';
  }
}

/** Whether what stands there is that object: by its checksum, else by the ETag that S3 makes of its parts'. */
export function isObject(head: HeadObjectCommandOutput, expected: Expected): boolean {
  const { ChecksumCRC32: crc32 } = head;
  // one of the parts' checksums says nothing of the whole
  if (crc32 !== undefined && !/-\d+$/.test(crc32)) return crc32 === expected.crc32;
  return unquoted(head.ETag ?? '') === unquoted(expected.etag);
}

export function unquoted(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}
