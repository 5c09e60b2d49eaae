import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SsecError, systemErrorCode } from '../../errors.ts';
import { unwritable } from '../../transfer/sink.ts';

/** Folders that are known to be ours; beyond that the oldest are looked at again. */
const KNOWN_FOLDERS = 4096;

/**
 * The folder that many files are written into. Below it no symbolic link is followed, wherever it leads, so that
 * nothing is ever written outside.
 */
export class LocalFolder {
  readonly #path: string;
  readonly #shown: string;
  readonly #known = new Set<string>();
  readonly #underWay = new Set<string>();
  #real: string | undefined;

  /** @param shown as the user wrote it */
  constructor(path: string, shown: string) {
    this.#path = path;
    this.#shown = shown;
    try {
      this.#real = realpathSync.native(path);
      if (!lstatSync(this.#real).isDirectory()) throw isFile(shown);
    } catch (error) {
      // made with the first file
      if (systemErrorCode(error) !== 'ENOENT') throw unwritable(shown, error);
    }
  }

  /** Where a file goes. @param relative checked by `whyNoPath` */
  place(relative: string): { readonly path: string; readonly shown: string } {
    return { path: resolve(this.#real ?? this.#path, relative), shown: join(this.#shown, relative) };
  }

  /** The name is taken from here on, until it is released. */
  claim(relative: string): void {
    this.#underWay.add(relative);
  }

  release(relative: string): void {
    this.#underWay.delete(relative);
  }

  /**
   * Makes the folders that a file stands in.
   *
   * @returns where the file goes
   * @throws SsecError FILE_UNWRITABLE where a link or a file stands in the way
   */
  prepare(relative: string): { readonly path: string; readonly shown: string } {
    this.#makeRoot();
    const end = relative.lastIndexOf('/');
    if (end !== -1 && !this.#known.has(relative.slice(0, end))) this.#make(relative.slice(0, end));
    return this.place(relative);
  }

  #makeRoot(): void {
    if (this.#real !== undefined) return;
    try {
      mkdirSync(this.#path, { recursive: true });
      this.#real = realpathSync.native(this.#path);
    } catch (error) {
      throw systemErrorCode(error) === 'EEXIST' || systemErrorCode(error) === 'ENOTDIR'
        ? isFile(this.#shown)
        : unwritable(this.#shown, error);
    }
  }

  #make(folder: string): void {
    for (let end = folder.indexOf('/'); ; end = folder.indexOf('/', end + 1)) {
      const part = end === -1 ? folder : folder.slice(0, end);
      if (!this.#known.has(part)) this.#makeOne(part);
      if (end === -1) return;
    }
  }

  #makeOne(folder: string): void {
    const { path, shown } = this.place(folder);
    if (this.#underWay.has(folder)) throw notAFolder(shown, 'a file');
    try {
      const status = lstatSync(path, { throwIfNoEntry: false });
      if (status === undefined) mkdirSync(path);
      else if (status.isSymbolicLink())
        throw notAFolder(shown, 'a symbolic link, which is not followed here');
      else if (!status.isDirectory()) throw notAFolder(shown, 'a file');
    } catch (error) {
      throw unwritable(shown, error);
    }
    if (this.#known.size >= KNOWN_FOLDERS) this.#known.clear();
    this.#known.add(folder);
  }
}

function isFile(shown: string): SsecError {
  return new SsecError('FILE_UNWRITABLE', `"${shown}" is a file, not a folder.`);
}

function notAFolder(shown: string, what: string): SsecError {
  return new SsecError('FILE_UNWRITABLE', `"${shown}" is ${what}, and a folder is needed there.`);
}
