import { randomBytes } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import { type FileHandle, link, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { SsecError, systemErrorCode } from '../errors.ts';
import { type Sink, streamSink, unwritable } from './sink.ts';

export interface FileTargetOptions {
  /** Fails with TARGET_EXISTS where there is something under that name, whenever it came. */
  readonly noOverwrite?: boolean;
  /** Permission bits of a new file; default 0666 less the umask. A replaced file keeps its own. */
  readonly mode?: number;
  /** Gives a replaced file `mode` as well. */
  readonly replaceMode?: boolean;
}

/**
 * A sink for a path. A regular file, or none yet, is written atomically; what is there and is no regular file
 * (`/dev/null`, a FIFO, a terminal) is written in order, as a shell's `>` would. Symlinks are followed first.
 *
 * @throws SsecError TARGET_EXISTS, FILE_UNWRITABLE, DISK_FULL
 */
export async function openFileTarget(path: string, options: FileTargetOptions = {}): Promise<Sink> {
  const existing = await stat(path).catch(() => undefined);
  if (existing?.isDirectory() === true) throw new SsecError('FILE_UNWRITABLE', `"${path}" is a directory.`);
  if (existing !== undefined && !existing.isFile()) return specialFileSink(path);
  if (existing !== undefined && options.noOverwrite === true) throw exists(path);
  return AtomicFile.create(
    await resolveLinks(path),
    options,
    options.replaceMode === true ? undefined : existing?.mode,
  );
}

/**
 * A file that appears under its name only when it is complete: written to a temporary name beside it, synced,
 * then renamed (or linked, which fails where the name is taken).
 */
class AtomicFile implements Sink {
  readonly #target: string;
  readonly #temp: string;
  readonly #handle: FileHandle;
  readonly #noOverwrite: boolean;
  #position = 0;

  private constructor(target: string, temp: string, handle: FileHandle, noOverwrite: boolean) {
    this.#target = target;
    this.#temp = temp;
    this.#handle = handle;
    this.#noOverwrite = noOverwrite;
  }

  /**
   * @param target final path, links resolved
   * @param existingMode mode of the file that is replaced
   */
  static async create(
    target: string,
    options: FileTargetOptions,
    existingMode?: number,
  ): Promise<AtomicFile> {
    const temp = join(dirname(target), `.ssec-${randomBytes(8).toString('hex')}.tmp`);
    const mode = existingMode === undefined ? (options.mode ?? 0o666) : 0o600;
    const handle = await open(temp, 'wx', mode).catch((error: unknown) => {
      throw unwritable(target, error);
    });
    try {
      if (existingMode !== undefined) await handle.chmod(existingMode & 0o7777);
    } catch (error) {
      await handle.close();
      await rm(temp, { force: true });
      throw unwritable(target, error);
    }
    return new AtomicFile(target, temp, handle, options.noOverwrite ?? false);
  }

  async write(chunk: Uint8Array): Promise<void> {
    let done = 0;
    while (done < chunk.length) {
      const { bytesWritten } = await this.#handle
        .write(chunk, done, chunk.length - done, this.#position)
        .catch((error: unknown) => {
          throw unwritable(this.#target, error);
        });
      done += bytesWritten;
      this.#position += bytesWritten;
    }
  }

  async commit(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      if (this.#noOverwrite) {
        await link(this.#temp, this.#target);
        await rm(this.#temp, { force: true });
      } else {
        await rename(this.#temp, this.#target);
      }
    } catch (error) {
      await this.discard();
      throw systemErrorCode(error) === 'EEXIST' ? exists(this.#target) : unwritable(this.#target, error);
    }
    await syncDirectory(dirname(this.#target));
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temp, { force: true });
  }
}

/** Makes the new name itself survive a power loss. Not every file system can; the data are safe either way. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

async function specialFileSink(path: string): Promise<Sink> {
  const stream = createWriteStream(path, { flags: 'w' });
  await new Promise<void>((opened, failed) => {
    stream.once('open', () => opened());
    stream.once('error', (error) => failed(unwritable(path, error)));
  });
  const sink = streamSink(stream, path);
  return {
    write: (chunk) => sink.write(chunk),
    commit: async () => {
      stream.end();
      await finished(stream).catch((error: unknown) => {
        throw unwritable(path, error);
      });
      await sink.commit();
    },
    discard: async () => {
      stream.destroy();
      await sink.discard();
    },
  };
}

/** Where a path leads; a link to a name that does not exist yet leads to that name. */
async function resolveLinks(path: string): Promise<string> {
  let current = resolve(path);
  for (let hops = 0; hops < 40; hops++) {
    const real = await realpath(current).catch(() => undefined);
    if (real !== undefined) return real;
    const status = await lstat(current).catch(() => undefined);
    if (status?.isSymbolicLink() !== true) {
      const folder = await realpath(dirname(current)).catch(() => dirname(current));
      return join(folder, basename(current));
    }
    current = resolve(dirname(current), await readlink(current));
  }
  throw new SsecError('FILE_UNWRITABLE', `"${path}" is a circle of symbolic links.`);
}

function exists(path: string): SsecError {
  return new SsecError('TARGET_EXISTS', `"${path}" exists already.`, {
    hints: ['leave --no-overwrite away to replace it'],
  });
}
