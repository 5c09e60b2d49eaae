import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SsecError, systemErrorCode } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { crc32Base64, updateCrc32 } from './checksum.ts';
import { Source, type SourceDigest } from './source.ts';

/** Bytes read at once: large enough to keep system calls rare, small enough that a slow wire holds little. */
const CHUNK_BYTES = 512 * 1024;

/**
 * A regular file, opened once: replacing it under its name does not matter, writing into it does and is found
 * out.
 */
export class FileSource extends Source {
  readonly size: number;
  readonly name: string;
  readonly #handle: FileHandle;
  readonly #stat: BigIntStats;
  #crc32: number | undefined;

  private constructor(name: string, handle: FileHandle, stat: BigIntStats) {
    super();
    this.name = name;
    this.#handle = handle;
    this.#stat = stat;
    this.size = Number(stat.size);
  }

  /**
   * @param name what to call it in a message
   * @throws SsecError FILE_NOT_FOUND, FILE_UNREADABLE, or USAGE for a directory or what else is no regular file
   */
  static async open(path: string, name = path): Promise<FileSource> {
    let handle: FileHandle;
    try {
      // O_NONBLOCK: opening a FIFO must not wait for a writer only to be refused
      handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      throw unreadable(name, error);
    }
    try {
      const stat = await handle.stat({ bigint: true });
      if (stat.isDirectory()) {
        throw new SsecError('USAGE', `"${name}" is a directory; put takes one file.`, {
          hints: [`name a file in it, or stream it: tar -C ${shellWord(name)} -c . | ssec put - NAME.tar`],
        });
      }
      if (!stat.isFile()) throw new SsecError('USAGE', `"${name}" is not a regular file.`);
      return new FileSource(name, handle, stat);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async digest(options: { md5: boolean; signal?: AbortSignal }): Promise<SourceDigest> {
    const md5 = options.md5 ? createHash('md5') : undefined;
    let crc32 = 0;
    // looked at and done with: one buffer does for all, where a new one each time would be garbage of the file's size
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, this.size));
    for await (const chunk of this.#read(buffer)) {
      options.signal?.throwIfAborted();
      crc32 = updateCrc32(crc32, chunk);
      md5?.update(chunk);
    }
    this.#crc32 = crc32;
    return { crc32: crc32Base64(crc32), ...(md5 === undefined ? {} : { md5: md5.digest('base64') }) };
  }

  open(): Readable {
    return Readable.from(this.#readChecked(), { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /**
   * All of the file but never a byte more: a file that grows while it is read must not change the length.
   *
   * @param buffer holds one chunk after another; without it each has its own
   */
  async *#read(buffer?: Buffer): AsyncGenerator<Buffer> {
    let position = 0;
    while (position < this.size) {
      const length = Math.min(CHUNK_BYTES, this.size - position);
      const chunk = buffer?.subarray(0, length) ?? Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < chunk.length) {
        const { bytesRead } = await this.#handle
          .read(chunk, filled, chunk.length - filled, position + filled)
          .catch((error: unknown) => {
            throw unreadable(this.name, error);
          });
        if (bytesRead === 0) throw changed(this.name);
        filled += bytesRead;
      }
      position += filled;
      yield chunk;
    }
    // a file that grows, or one of /proc, which has no size and holds something all the same
    const { bytesRead } = await this.#handle.read(Buffer.alloc(1), 0, 1, position);
    if (bytesRead !== 0) throw changed(this.name);
  }

  /**
   * The last chunk is given out only once all that was read agrees with what was hashed, so that a server never
   * holds a whole body that is not the file that we announced.
   */
  async *#readChecked(): AsyncGenerator<Buffer> {
    let crc32 = 0;
    let last: Buffer | undefined;
    for await (const chunk of this.#read()) {
      if (last !== undefined) yield last;
      crc32 = updateCrc32(crc32, chunk);
      last = chunk;
    }
    const now = await this.#handle.stat({ bigint: true });
    const touched = now.size !== this.#stat.size || now.mtimeNs !== this.#stat.mtimeNs;
    if (touched || (this.#crc32 !== undefined && crc32 !== this.#crc32)) throw changed(this.name);
    if (last !== undefined) yield last;
  }
}

function changed(path: string): SsecError {
  return new SsecError('FILE_CHANGED', `"${path}" changed while it was read; nothing was stored.`, {
    hints: ['put it again once nobody writes to it, or put a copy'],
  });
}

function unreadable(path: string, cause: unknown): SsecError {
  switch (systemErrorCode(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SsecError('FILE_NOT_FOUND', `There is no file "${path}".`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new SsecError('FILE_UNREADABLE', `You may not read "${path}".`, { cause });
    case 'EISDIR':
      return new SsecError('USAGE', `"${path}" is a directory; put takes one file.`, { cause });
    default:
      return new SsecError('FILE_UNREADABLE', `"${path}" cannot be read: ${reason(cause)}.`, { cause });
  }
}

function reason(cause: unknown): string {
  return systemErrorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
}
