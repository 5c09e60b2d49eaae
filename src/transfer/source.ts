import { type Hash, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { SsecError } from '../errors.ts';
import { crc32Base64, updateCrc32 } from './checksum.ts';

/** What a source's bytes hash to, taken in one pass before they are sent. */
export interface SourceDigest {
  /** CRC32 in base64 of 4 bytes big-endian, as `x-amz-checksum-crc32` carries it. */
  readonly crc32: string;
  /** MD5 in base64, as `Content-MD5` carries it; only where it was asked for. */
  readonly md5?: string;
}

/** A digest that grows with the bytes. */
export class RunningDigest {
  readonly #md5: Hash | undefined;
  #crc32 = 0;

  constructor(md5: boolean) {
    this.#md5 = md5 ? createHash('md5') : undefined;
  }

  /** CRC32 so far. */
  get crc32(): number {
    return this.#crc32;
  }

  update(chunk: Uint8Array): void {
    this.#crc32 = updateCrc32(this.#crc32, chunk);
    this.#md5?.update(chunk);
  }

  digest(): SourceDigest {
    const crc32 = crc32Base64(this.#crc32);
    return this.#md5 === undefined ? { crc32 } : { crc32, md5: this.#md5.digest('base64') };
  }
}

/** Bytes read at once: large enough to keep system calls rare, small enough that a slow wire holds little. */
const CHUNK_BYTES = 512 * 1024;

/**
 * Bytes of a known length that can be read again, from any position: what a request that failed needs to be sent
 * once more. A stream cannot do that, so the body of a request is always one of these.
 */
export abstract class Source {
  /** Bytes. */
  abstract readonly size: number;
  /** How to call it in a message. */
  abstract readonly name: string;

  #crc32: number | undefined;

  /**
   * Fills `into` with the bytes from `position` on.
   *
   * @throws SsecError FILE_CHANGED where they are not there any more, FILE_UNREADABLE
   */
  abstract read(position: number, into: Uint8Array): Promise<void>;

  /** @throws SsecError FILE_CHANGED where the bytes may no longer be those of the beginning */
  abstract checkUnchanged(): Promise<void>;

  /** Lets go of what it holds open. */
  abstract close(): Promise<void>;

  /** Hashes the whole source. */
  async digest(options: { md5: boolean; signal?: AbortSignal }): Promise<SourceDigest> {
    const sum = new RunningDigest(options.md5);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.size));
    for (let position = 0; position < this.size; position += buffer.length) {
      options.signal?.throwIfAborted();
      const chunk = buffer.subarray(0, this.size - position);
      await this.read(position, chunk);
      sum.update(chunk);
    }
    await this.checkUnchanged();
    this.#crc32 = sum.crc32;
    return sum.digest();
  }

  /**
   * The bytes from the start, anew on each call. The stream fails rather than end where the bytes are no
   * longer those that were hashed.
   */
  open(): Readable | Buffer {
    return Readable.from(this.#checkedChunks(), { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  /**
   * Told how many bytes of what `open` gave out last have left, where those stand in memory; a stream sees by
   * itself what is taken from it.
   */
  onSent(_bytes: number): void {}

  async *#chunks(): AsyncGenerator<Buffer> {
    for (let position = 0; position < this.size; position += CHUNK_BYTES) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.size - position));
      await this.read(position, chunk);
      yield chunk;
    }
  }

  /**
   * The last chunk is given out only once all that was read agrees with what was hashed, so that a server never
   * holds a whole body that is not the one that we announced.
   */
  async *#checkedChunks(): AsyncGenerator<Buffer> {
    let crc32 = 0;
    let last: Buffer | undefined;
    for await (const chunk of this.#chunks()) {
      if (last !== undefined) yield last;
      crc32 = updateCrc32(crc32, chunk);
      last = chunk;
    }
    await this.checkUnchanged();
    if (this.#crc32 !== undefined && crc32 !== this.#crc32) throw changed(this.name);
    if (last !== undefined) yield last;
  }
}

export function changed(name: string): SsecError {
  return new SsecError('FILE_CHANGED', `"${name}" changed while it was read; nothing was stored.`, {
    hints: ['put it again once nobody writes to it, or put a copy'],
  });
}
