import { randomBytes } from 'node:crypto';
import {
  type Stats,
  closeSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SsecError, systemErrorCode } from '../errors.ts';
import { targetFileExists } from './atomic-file.ts';
import { inherit, refuseReadOnly } from './replaced-file.ts';
import { type Sink, unwritable } from './sink.ts';
import { takeName } from './take-name.ts';

export interface SmallFileOptions {
  /** What to call it in a message. */
  readonly name: string;
  /** Fails with TARGET_EXISTS where there is something under that name. */
  readonly noOverwrite: boolean;
}

/**
 * A small file of many: it stands in memory until it was verified, is written beside its place and renamed. It
 * appears whole or not at all, as every file of ours, but is not synced: after a power loss the last ones may be
 * empty, as with any tool that copies folders. Links are not followed.
 */
export class SmallFileSink implements Sink {
  readonly #path: string;
  readonly #options: SmallFileOptions;
  #bytes: Buffer;
  #filled = 0;

  /** @param size bytes that will come */
  constructor(path: string, size: number, options: SmallFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#bytes = Buffer.allocUnsafe(size);
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#filled + chunk.length > this.#bytes.length) {
      const { name } = this.#options;
      return Promise.reject(
        new SsecError('SIZE_MISMATCH', `More bytes came for "${name}" than S3 announced.`),
      );
    }
    this.#bytes.set(chunk, this.#filled);
    this.#filled += chunk.length;
    return Promise.resolve();
  }

  async commit(): Promise<void> {
    const { name, noOverwrite } = this.#options;
    const existing = replacedFile(this.#path, this.#options);
    const temporary = join(dirname(this.#path), `.ssec-${randomBytes(8).toString('hex')}.tmp`);
    try {
      writeNew(temporary, this.#bytes.subarray(0, this.#filled), existing);
      if (noOverwrite) await takeName(temporary, this.#path);
      else renameSync(temporary, this.#path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw systemErrorCode(error) === 'EEXIST' ? targetFileExists(name) : unwritable(name, error);
    }
  }

  discard(): Promise<void> {
    this.#bytes = Buffer.alloc(0);
    this.#filled = 0;
    return Promise.resolve();
  }
}

/**
 * Looks at what a file would replace. Nothing but a regular file is replaced, and nothing is written through a link.
 *
 * @param path real path of the folder, and the name
 * @returns what there is; undefined where there is nothing
 * @throws SsecError TARGET_EXISTS, FILE_UNWRITABLE
 */
export function replacedFile(path: string, { name, noOverwrite }: SmallFileOptions): Stats | undefined {
  let status;
  try {
    status = lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // a file stands where a folder is needed; whoever makes the folder says so
    if (systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw unwritable(name, error);
  }
  if (status === undefined) return undefined;
  if (noOverwrite) throw targetFileExists(name);
  if (status.isFile()) {
    refuseOtherName(path, name);
    refuseReadOnly(path, name);
    return status;
  }
  const what = status.isDirectory()
    ? 'a directory'
    : status.isSymbolicLink()
      ? 'a symbolic link, which is not followed here'
      : 'no regular file';
  throw new SsecError('FILE_UNWRITABLE', `"${name}" is ${what}.`);
}

/** To some file systems `A` and `a` are one, or two ways to write `é`: the second must not replace the first. */
function refuseOtherName(path: string, name: string): void {
  const real = realpathSync.native(path);
  if (real === path) return;
  const message = `"${name}" is the same file as "${basename(real)}" to this file system.`;
  throw new SsecError('TARGET_EXISTS', message);
}

function writeNew(path: string, bytes: Buffer, existing: Stats | undefined): void {
  const file = openSync(path, 'wx', existing === undefined ? 0o666 : 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    if (existing !== undefined) inherit(file, existing);
  } finally {
    closeSync(file);
  }
}
