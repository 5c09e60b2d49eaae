import { type BigIntStats, constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { SsecError, systemErrorCode } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { Patience } from './patience.ts';
import { Source, changed } from './source.ts';

/** Read at once while reading blocks (bytes). */
const SLICE_BYTES = 512 * 1024;

/**
 * A regular file, opened once: replacing it under its name does not matter, writing into it does and is found
 * out.
 */
export class FileSource extends Source {
  readonly size: number;
  readonly name: string;
  /** As it was opened. */
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #stat: BigIntStats;
  readonly #patience = new Patience();

  /** Nanoseconds since 1970. */
  get modifiedAt(): bigint {
    return this.#stat.mtimeNs;
  }

  private constructor(path: string, name: string, handle: FileHandle, stat: BigIntStats) {
    super();
    this.path = path;
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
          hints: [
            `put every file in it: ssec put -r ${shellWord(name)}`,
            `or stream it as one object: tar -C ${shellWord(name)} -c . | ssec put - NAME.tar`,
          ],
        });
      }
      if (!stat.isFile()) throw notRegular(name);
      return new FileSource(path, name, handle, stat);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(position: number, into: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < into.length) {
      const bytesRead = await this.#read(into, filled, position + filled);
      if (bytesRead === 0) throw changed(this.name);
      filled += bytesRead;
    }
  }

  async #read(into: Uint8Array, at: number, position: number): Promise<number> {
    const bytes = into.length - at;
    try {
      if (!this.#patience.isFast) return (await this.#handle.read(into, at, bytes, position)).bytesRead;
      const slice = Math.min(bytes, SLICE_BYTES);
      return this.#patience.run(slice, () => readSync(this.#handle.fd, into, at, slice, position));
    } catch (error) {
      throw unreadable(this.name, error);
    }
  }

  async checkUnchanged(): Promise<void> {
    const now = await this.#handle.stat({ bigint: true });
    if (now.size !== this.#stat.size || now.mtimeNs !== this.#stat.mtimeNs) throw changed(this.name);
    // a file of /proc has no size and holds something all the same
    if (this.size === 0 && (await this.#handle.read(Buffer.alloc(1), 0, 1, 0)).bytesRead !== 0)
      throw changed(this.name);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Opened in spite of all, it is a FIFO, a socket, a device. */
export function notRegular(name: string): SsecError {
  return new SsecError('USAGE', `"${name}" is not a regular file.`);
}

/** What the system said of a file that cannot be read, as one of our errors. */
export function unreadable(path: string, cause: unknown): SsecError {
  if (cause instanceof SsecError) return cause;
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
