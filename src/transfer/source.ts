import type { Readable } from 'node:stream';

/** What a source's bytes hash to, taken in one pass before they are sent. */
export interface SourceDigest {
  /** CRC32 in base64 of 4 bytes big-endian, as `x-amz-checksum-crc32` carries it. */
  readonly crc32: string;
  /** MD5 in base64, as `Content-MD5` carries it; only where it was asked for. */
  readonly md5?: string;
}

/**
 * Bytes of a known length that can be read again from the start: what a request that failed needs to be sent
 * once more. A stream cannot do that, so the body of a request is always one of these.
 */
export abstract class Source {
  /** Bytes. */
  abstract readonly size: number;
  /** How to call it in a message. */
  abstract readonly name: string;

  /** Hashes the whole source. */
  abstract digest(options: { md5: boolean; signal?: AbortSignal }): Promise<SourceDigest>;

  /**
   * The bytes from the start, anew on each call. The stream fails rather than end where the bytes are no
   * longer those that were hashed.
   */
  abstract open(): Readable | Buffer;

  /**
   * Told how many bytes of what `open` gave out last have left, where those stand in memory; a stream sees by
   * itself what is taken from it.
   */
  onSent(_bytes: number): void {}

  /** Lets go of what it holds open. */
  abstract close(): Promise<void>;
}
