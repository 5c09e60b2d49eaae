import { randomBytes } from 'node:crypto';
import { type Stats, constants, createWriteStream, writeSync } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { SsecError, systemErrorCode } from '../errors.ts';
import { inherit, refuseReadOnly } from './replaced-file.ts';
import { Patience } from './patience.ts';
import { type PositionedSink, type Sink, streamSink, unwritable } from './sink.ts';
import { takeName } from './take-name.ts';

export interface FileTargetOptions {
  /** Fails with TARGET_EXISTS where there is something under that name, whenever it came. */
  readonly noOverwrite?: boolean;
  /** Permission bits of a new file; default 0666 less the umask. A replaced file keeps its own. */
  readonly mode?: number;
  /**
   * Gives a replaced file `mode` as well.
   *
   * @internal
   */
  readonly replaceMode?: boolean;
  /** What to call it in a message; default: the path. */
  readonly name?: string;
  /** Name of the file beside it in which an earlier download was cut off; where it is not there, a new one is made. */
  readonly temporaryName?: string;
}

/**
 * A sink for a path. A regular file, or none yet, is written atomically; what is there and is no regular file
 * (`/dev/null`, a FIFO, a terminal) is written in order, as a shell's `>` would. Symlinks are followed first.
 *
 * @throws SsecError TARGET_EXISTS, FILE_UNWRITABLE, DISK_FULL
 */
export async function openFileTarget(path: string, options: FileTargetOptions = {}): Promise<Sink> {
  const name = options.name ?? path;
  // what a shell has opened for us is written where it stands, and never replaced under its name
  if (DESCRIPTOR.test(path)) return specialFileSink(path, name, 'a');
  const existing = await stat(path).catch((error: unknown) => {
    // any other failure must not pass for "there is nothing": the rename would replace what is there
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw unwritable(name, error);
  });
  if (existing?.isDirectory() === true) throw new SsecError('FILE_UNWRITABLE', `"${name}" is a directory.`);
  if (existing !== undefined && !existing.isFile()) return specialFileSink(path, name, 'w');
  if (existing !== undefined && options.noOverwrite === true) throw targetFileExists(name);
  if (existing !== undefined) refuseReadOnly(path, name);
  return AtomicFile.create(
    await resolveLinks(path),
    { ...options, name },
    options.replaceMode === true ? undefined : existing,
  );
}

const TEMPORARY_NAME = /^\.ssec-[0-9a-f]{16}\.tmp$/;

/** Whether a file of that name holds the bytes of a download that is not complete. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}

/** Removes what a download left that nobody will go on with. */
export async function removeTemporary(path: string, temporaryName: string): Promise<void> {
  if (TEMPORARY_NAME.test(temporaryName)) await rm(join(dirname(path), temporaryName), { force: true });
}

const DESCRIPTOR = /^\/(?:dev\/(?:fd\/\d+|stdout|stderr)|proc\/(?:self|\d+)\/fd\/\d+)$/;

/** A whole small file at once: complete under its name, or not there. */
export async function writeFileAtomically(
  path: string,
  content: Uint8Array,
  options: FileTargetOptions = {},
): Promise<void> {
  const sink = await openFileTarget(path, options);
  try {
    await sink.write(content);
  } catch (error) {
    await sink.discard();
    throw error;
  }
  await sink.commit();
}

type NamedTarget = FileTargetOptions & { readonly name: string };

/**
 * A file that appears under its name only when it is complete: written to a temporary name beside it, synced,
 * then renamed (or linked, which fails where the name is taken).
 */
class AtomicFile implements PositionedSink {
  readonly #target: string;
  readonly #temp: string;
  readonly #handle: FileHandle;
  readonly #noOverwrite: boolean;
  readonly #name: string;
  readonly #patience = new Patience();
  #position = 0;

  private constructor(target: string, temp: string, handle: FileHandle, options: NamedTarget) {
    this.#target = target;
    this.#temp = temp;
    this.#handle = handle;
    this.#noOverwrite = options.noOverwrite ?? false;
    this.#name = options.name;
  }

  /**
   * @param target final path, links resolved
   * @param existing the file that is replaced
   */
  static async create(
    target: string,
    options: NamedTarget,
    existing: Stats | undefined,
  ): Promise<AtomicFile> {
    const earlier = await openEarlier(dirname(target), options.temporaryName);
    const temp = earlier?.temp ?? join(dirname(target), `.ssec-${randomBytes(8).toString('hex')}.tmp`);
    const mode = existing === undefined ? (options.mode ?? 0o666) : 0o600;
    const handle =
      earlier?.handle ??
      (await open(temp, 'wx+', mode).catch((error: unknown) => {
        throw unwritable(options.name, error);
      }));
    try {
      // of an earlier one as well: what it replaces may have come, or changed, since
      if (existing !== undefined) inherit(handle.fd, existing);
    } catch (error) {
      await handle.close();
      if (earlier === undefined) await rm(temp, { force: true });
      throw unwritable(options.name, error);
    }
    return new AtomicFile(target, temp, handle, options);
  }

  get path(): string {
    return this.#target;
  }

  get temporaryName(): string {
    return basename(this.#temp);
  }

  write(chunk: Uint8Array): Promise<void> {
    const position = this.#position;
    this.#position += chunk.length;
    return this.writeAt(position, chunk);
  }

  async writeAt(position: number, chunk: Uint8Array): Promise<void> {
    let done = 0;
    while (done < chunk.length) {
      done += await this.#write(chunk, done, position + done);
    }
  }

  async #write(chunk: Uint8Array, at: number, position: number): Promise<number> {
    const bytes = chunk.length - at;
    try {
      if (!this.#patience.isFast) return (await this.#handle.write(chunk, at, bytes, position)).bytesWritten;
      return this.#patience.run(bytes, () => writeSync(this.#handle.fd, chunk, at, bytes, position));
    } catch (error) {
      throw unwritable(this.#name, error);
    }
  }

  async readAt(position: number, into: Uint8Array): Promise<boolean> {
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await this.#handle.read(into, filled, into.length - filled, position + filled);
      if (bytesRead === 0) return false;
      filled += bytesRead;
    }
    return true;
  }

  async allocate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes).catch((error: unknown) => {
      throw unwritable(this.#name, error);
    });
  }

  async keep(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }

  async commit(): Promise<void> {
    try {
      await this.#handle.sync();
      await this.#handle.close();
      if (this.#noOverwrite) await takeName(this.#temp, this.#target);
      else await rename(this.#temp, this.#target);
    } catch (error) {
      await this.discard();
      throw systemErrorCode(error) === 'EEXIST'
        ? targetFileExists(this.#name)
        : unwritable(this.#name, error);
    }
    await syncDirectory(dirname(this.#target));
  }

  async discard(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
    await rm(this.#temp, { force: true });
  }
}

/** The file in which an earlier download was cut off, if it is there. */
async function openEarlier(
  folder: string,
  name: string | undefined,
): Promise<{ readonly temp: string; readonly handle: FileHandle } | undefined> {
  if (name === undefined || !TEMPORARY_NAME.test(name)) return undefined;
  const temp = join(folder, name);
  // only what is a file of ours: a link there would lead elsewhere
  const handle = await open(temp, constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)).catch(() => undefined);
  return handle && { temp, handle };
}

/**
 * Makes the new name itself survive a power loss. Not every file system can; the data are safe either way.
 *
 * @throws SsecError FILE_UNWRITABLE, DISK_FULL where the disk failed at it
 */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY).catch(() => undefined);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } catch (error) {
    if (['EIO', 'ENOSPC', 'EDQUOT'].includes(systemErrorCode(error) ?? '')) throw unwritable(path, error);
  } finally {
    await handle.close();
  }
}

async function specialFileSink(path: string, name: string, flags: 'w' | 'a'): Promise<Sink> {
  const stream = createWriteStream(path, { flags });
  await new Promise<void>((opened, failed) => {
    stream.once('open', () => opened());
    stream.once('error', (error) => failed(unwritable(name, error)));
  });
  const sink = streamSink(stream, name);
  return {
    write: (chunk) => sink.write(chunk),
    commit: async () => {
      stream.end();
      await finished(stream).catch((error: unknown) => {
        throw unwritable(name, error);
      });
      await sink.commit();
    },
    discard: async () => {
      stream.destroy();
      await sink.discard();
    },
  };
}

/** Where a path leads; a link to a name that does not exist yet leads to that name. `stat` has ruled out a circle. */
async function resolveLinks(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const status = await lstat(path).catch(() => undefined);
  if (status?.isSymbolicLink() === true) return resolveLinks(resolve(dirname(path), await readlink(path)));
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/** There is something under that name. */
export function targetFileExists(name: string): SsecError {
  return new SsecError('TARGET_EXISTS', `"${name}" exists already.`, {
    hints: ['leave --no-overwrite away to replace it'],
  });
}
