import { lstat, mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname, join } from 'node:path';
import { SsecError, systemErrorCode } from '../errors.ts';
import { shellWord } from '../shell-word.ts';
import { syncDirectory } from '../transfer/atomic-file.ts';
import { unwritable } from '../transfer/sink.ts';
import type { CustomerKey } from './customer-key.ts';
import { isKeyName } from './key-name.ts';
import { MAX_KEY_FILE_BYTES, parseKeyContent } from './key-text.ts';

export interface RingKey {
  readonly name: string;
  readonly customerKey: CustomerKey;
  /** When its file was written. */
  readonly created: Date;
  /** It opens what it wrote, and writes nothing any more. */
  readonly isRetired: boolean;
}

/** What is in the ring and cannot be used, or that others can read or change. */
export interface RingProblem {
  readonly path: string;
  /** The key that it is about. */
  readonly keyName: string | undefined;
  /** `exposed`: it is used all the same, and others can read or change it. */
  readonly kind: 'broken' | 'exposed';
  readonly error: SsecError;
}

interface KeysRead {
  readonly keys: readonly RingKey[];
  readonly problems: readonly RingProblem[];
}

const NOTHING: KeysRead = { keys: [], problems: [] };
const EXTENSION = '.key';

export function keyPath(folder: string, name: string): string {
  return join(folder, `${name}${EXTENSION}`);
}

/**
 * The keys of one folder, the newest first. One that is not there holds none.
 *
 * @throws SsecError FILE_UNREADABLE where the folder itself cannot be read
 */
export async function readKeys(folder: string, isRetired: boolean): Promise<KeysRead> {
  const files = await readdir(folder).catch((cause: unknown) => {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT') return undefined;
    throw new SsecError(
      'FILE_UNREADABLE',
      `The key ring "${folder}" cannot be read: ${code === 'ENOTDIR' ? 'it is no folder' : (code ?? 'unknown')}.`,
      { hints: ['it is a folder of key files; SSEC_KEYRING names it'], cause },
    );
  });
  if (files === undefined) return NOTHING;
  const keys: RingKey[] = [];
  const problems: RingProblem[] = [...(await openToOthers(folder))];
  // dotfiles are what other programs leave beside files
  for (const file of files.filter((name) => name.endsWith(EXTENSION) && !name.startsWith('.'))) {
    const name = file.slice(0, -EXTENSION.length);
    const path = join(folder, file);
    if (!isKeyName(name)) {
      const error = new SsecError('FILE_UNREADABLE', `The name of "${path}" is none that a key can have.`, {
        hints: ['give it another name; letters, digits, dots, hyphens and underscores will do'],
      });
      problems.push({ path, keyName: undefined, kind: 'broken', error });
      continue;
    }
    try {
      const read = await readRingFile(path);
      if (read === undefined) continue;
      const { customerKey, created, isExposed } = read;
      keys.push({ name, customerKey, created, isRetired });
      if (isExposed) problems.push({ path, keyName: name, kind: 'exposed', error: exposed(path) });
    } catch (error) {
      problems.push({ path, keyName: name, kind: 'broken', error: unreadable(path, error) });
    }
  }
  return { keys: keys.sort(newestFirst), problems };
}

function newestFirst(a: RingKey, b: RingKey): number {
  return b.created.getTime() - a.created.getTime() || (a.name < b.name ? -1 : 1);
}

/** Whether a file holds that key. */
export async function holdsKey(path: string, key: CustomerKey): Promise<boolean> {
  return readRingFile(path).then(
    (read) => read?.customerKey.equals(key) === true,
    () => false,
  );
}

/** undefined = it was moved away since the folder was listed. */
async function readRingFile(
  path: string,
): Promise<
  { readonly customerKey: CustomerKey; readonly created: Date; readonly isExposed: boolean } | undefined
> {
  try {
    const status = await stat(path);
    // a FIFO would be waited for, and a device read for ever
    if (!status.isFile()) throw new SsecError('FILE_UNREADABLE', `The key file "${path}" is no file.`);
    const { size, mtime, mode } = status;
    const content = size > MAX_KEY_FILE_BYTES ? Buffer.alloc(MAX_KEY_FILE_BYTES + 1) : await readFile(path);
    const customerKey = parseKeyContent(content, `key file "${path}"`);
    return { customerKey, created: mtime, isExposed: (mode & 0o077) !== 0 && platform() !== 'win32' };
  } catch (error) {
    const isGone = systemErrorCode(error) === 'ENOENT' && !(await isThere(path));
    if (isGone) return undefined;
    throw error;
  }
}

/**
 * The name of the default, as the file says it.
 *
 * @returns besides it what keeps the file from being read
 */
export async function readDefault(
  path: string,
): Promise<{ readonly name?: string; readonly problem?: RingProblem }> {
  try {
    const { size } = await stat(path);
    const name = size > MAX_KEY_FILE_BYTES ? '' : (await readFile(path, 'utf8')).trim();
    if (name === '') return {};
    if (isKeyName(name)) return { name };
    const error = new SsecError('FILE_UNREADABLE', `"${path}" holds something else than the name of a key.`, {
      hints: ['make a key the default: ssec keys default NAME'],
    });
    return { problem: { path, keyName: undefined, kind: 'broken', error } };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return {};
    return { problem: { path, keyName: undefined, kind: 'broken', error: unreadable(path, error) } };
  }
}

export async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/**
 * Makes a folder of the ring, every new name on the way to it synced.
 *
 * @throws SsecError FILE_UNWRITABLE, DISK_FULL
 */
export async function makeRingFolder(folder: string): Promise<void> {
  let first: string | undefined;
  try {
    first = await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = systemErrorCode(error) ?? '';
    if (code !== 'EEXIST' && code !== 'ENOTDIR') throw unwritable(folder, error);
    throw new SsecError('FILE_UNWRITABLE', `"${folder}" cannot be a key ring: it is no folder.`, {
      hints: ['name another folder: SSEC_KEYRING=/path/to/keys'],
      cause: error,
    });
  }
  // somebody else may have made it just now, and not be as far
  const highest = first ?? folder;
  for (let path = folder; path.length >= highest.length; path = dirname(path))
    await syncDirectory(dirname(path));
}

/** Whoever can write there puts in a key of theirs, and makes it the default. */
async function openToOthers(folder: string): Promise<RingProblem[]> {
  const status = await stat(folder).catch(() => undefined);
  if (status === undefined || (status.mode & 0o022) === 0 || platform() === 'win32') return [];
  const error = new SsecError('FILE_UNREADABLE', `The key ring "${folder}" can be changed by others.`, {
    hints: [`chmod 700 ${shellWord(folder)}`],
  });
  return [{ path: folder, keyName: undefined, kind: 'exposed', error }];
}

function exposed(path: string): SsecError {
  return new SsecError('FILE_UNREADABLE', `The key file "${path}" can be read by others.`, {
    hints: [`chmod 600 ${shellWord(path)}`],
  });
}

function unreadable(path: string, cause: unknown): SsecError {
  if (cause instanceof SsecError) return cause;
  const code = systemErrorCode(cause) ?? 'unknown';
  const why = code === 'EISDIR' ? 'it is a directory' : code;
  return new SsecError('FILE_UNREADABLE', `"${path}" in the key ring cannot be read: ${why}.`, { cause });
}
