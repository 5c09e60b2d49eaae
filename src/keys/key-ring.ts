import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { platform } from 'node:os';
import { SsecError, systemErrorCode } from '../errors.ts';
import { syncDirectory, writeFileAtomically } from '../transfer/atomic-file.ts';
import { unwritable } from '../transfer/sink.ts';
import { takeName } from '../transfer/take-name.ts';
import type { CustomerKey } from './customer-key.ts';
import { writeKeyFile } from './key-file.ts';
import { MAX_KEY_FILE_BYTES, parseKeyContent } from './key-text.ts';

export interface RingKey {
  readonly name: string;
  readonly customerKey: CustomerKey;
  /** When its file was written. */
  readonly created: Date;
  /** It opens what it wrote, and writes nothing any more. */
  readonly isRetired: boolean;
}

/** A file of the ring that cannot be used, or that others can read. */
export interface RingProblem {
  readonly path: string;
  readonly error: SsecError;
}

const KEY_FILE = /^(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,62})\.key$/;
const DEFAULT_FILE = 'default';
const RETIRED_FOLDER = 'retired';

/**
 * The customer keys of a user: a folder of key files, `NAME.key`, in it a folder of those that are retired, and a file
 * with the name of the default. Each change is one new file under a name that was free, or one file replaced: there is
 * no lock, several processes may work at once, and a crash loses no key that was said to be there. There is no way to
 * remove a key: that is for its owner to do by hand.
 */
export class KeyRing {
  readonly folder: string;
  /** The newest first, retired ones behind the others. */
  readonly keys: readonly RingKey[];
  readonly problems: readonly RingProblem[];
  readonly #default: string | undefined;

  private constructor(
    folder: string,
    ring: {
      readonly keys: readonly RingKey[];
      readonly problems: readonly RingProblem[];
      readonly defaultName: string | undefined;
    },
  ) {
    this.folder = folder;
    this.keys = ring.keys;
    this.problems = ring.problems;
    this.#default = ring.defaultName;
  }

  /**
   * Reads the ring. A folder that is not there is an empty one; a file in it that is no key is a problem, and hides no
   * other.
   *
   * @throws SsecError FILE_UNREADABLE where the folder itself cannot be read
   */
  static async open(folder: string): Promise<KeyRing> {
    const problems: RingProblem[] = [];
    const active = await readKeys(folder, false, problems);
    const retired = await readKeys(join(folder, RETIRED_FOLDER), true, problems);
    // stopped in the midst of `retire`, a key is in both places
    const both = new Set(active.map(({ name }) => name));
    const keys = [
      ...active,
      ...retired.filter(
        (key) => !both.has(key.name) || active.every((other) => !other.customerKey.equals(key.customerKey)),
      ),
    ];
    return new KeyRing(folder, { keys, problems, defaultName: await readDefault(folder) });
  }

  /** The key that is written with where none is named. */
  get default(): RingKey | undefined {
    return this.keys.find(({ name, isRetired }) => name === this.#default && !isRetired);
  }

  /** @throws SsecError KEY_NOT_FOUND */
  find(name: string): RingKey {
    const found = this.keys.find((key) => key.name === name);
    if (found !== undefined) return found;
    throw keyNotFound(name, this.keys);
  }

  /** The key with that digest, as S3 shows it. */
  withMd5(md5: string): RingKey | undefined {
    return this.keys.find(({ customerKey }) => customerKey.md5 === md5);
  }

  /**
   * Puts a key in. The first one becomes the default.
   *
   * @returns whether it became the default
   * @throws SsecError USAGE for what is no name, TARGET_EXISTS for a name or a key that is there, FILE_UNWRITABLE
   */
  async add(name: string, key: CustomerKey): Promise<{ readonly path: string; readonly isDefault: boolean }> {
    checkKeyName(name);
    this.#refuseSame(name, key);
    await makeFolder(this.folder);
    const path = join(this.folder, `${name}.key`);
    await writeKeyFile(path, path, key);
    const isDefault = this.#default === undefined && (await this.#becomeDefault(name));
    return { path, isDefault };
  }

  /**
   * @throws SsecError KEY_NOT_FOUND, KEY_RETIRED, FILE_UNWRITABLE
   */
  async setDefault(name: string): Promise<void> {
    if (this.find(name).isRetired) throw keyRetired(name, 'and can be no default');
    const path = join(this.folder, DEFAULT_FILE);
    await writeFileAtomically(path, Buffer.from(`${name}\n`), { mode: 0o600, name: path });
  }

  /**
   * From here on the key opens and does not write.
   *
   * @throws SsecError KEY_NOT_FOUND, USAGE for the default, FILE_UNWRITABLE
   */
  async retire(name: string): Promise<void> {
    const key = this.find(name);
    if (key.isRetired) return;
    if (name === this.#default) {
      throw new SsecError(
        'USAGE',
        `"${name}" is the default, and what is put without a key is written with it.`,
        {
          hints: [
            'make another the default first: ssec keys default NAME',
            'or a new one: ssec keys add NAME',
          ],
        },
      );
    }
    const folder = join(this.folder, RETIRED_FOLDER);
    await makeFolder(folder);
    const from = join(this.folder, `${name}.key`);
    const to = join(folder, `${name}.key`);
    try {
      await takeName(from, to).catch(async (error: unknown) => {
        // a `retire` that was stopped between its two steps
        if (systemErrorCode(error) !== 'EEXIST' || !(await isSameKey(to, key.customerKey))) throw error;
        await rm(from);
      });
    } catch (error) {
      throw unwritable(to, error);
    }
    await syncDirectory(folder);
    await syncDirectory(this.folder);
  }

  #refuseSame(name: string, key: CustomerKey): void {
    // some file systems take no notice of case
    const taken = this.keys.find((other) => other.name.toLowerCase() === name.toLowerCase());
    if (taken !== undefined) {
      throw new SsecError('TARGET_EXISTS', `There is a key "${taken.name}" in the ring already.`, {
        hints: ['objects may need it; choose another name'],
      });
    }
    const same = this.keys.find(({ customerKey }) => customerKey.equals(key));
    if (same !== undefined) {
      throw new SsecError('TARGET_EXISTS', `That key is in the ring already, as "${same.name}".`);
    }
  }

  async #becomeDefault(name: string): Promise<boolean> {
    const path = join(this.folder, DEFAULT_FILE);
    try {
      await writeFileAtomically(path, Buffer.from(`${name}\n`), {
        mode: 0o600,
        noOverwrite: true,
        name: path,
      });
      return true;
    } catch (error) {
      // somebody else was first
      if (error instanceof SsecError && error.code === 'TARGET_EXISTS') return false;
      throw error;
    }
  }
}

/** What a key may be called: it is a file name on every system, and the value of a tag. */
function checkKeyName(name: string): void {
  if (KEY_FILE.test(`${name}.key`) && !name.endsWith('.')) return;
  throw new SsecError('USAGE', `"${name}" cannot be the name of a key.`, {
    hints: [
      'a name is up to 63 letters, digits, dots, hyphens and underscores, and begins with a letter or digit',
    ],
  });
}

/** @param keys those that there are */
export function keyNotFound(name: string, keys: readonly RingKey[]): SsecError {
  const names = keys.slice(0, 20).map((key) => key.name);
  return new SsecError('KEY_NOT_FOUND', `There is no key "${name}" in the ring.`, {
    hints: [names.length === 0 ? 'the ring is empty: ssec keys add NAME' : `keys here: ${names.join(', ')}`],
  });
}

/** @param consequence `and writes nothing`, ... */
export function keyRetired(name: string, consequence: string): SsecError {
  return new SsecError(
    'KEY_RETIRED',
    `The key "${name}" is retired: it opens what it wrote, ${consequence}.`,
    {
      hints: ['see the others: ssec keys'],
    },
  );
}

async function readKeys(folder: string, isRetired: boolean, problems: RingProblem[]): Promise<RingKey[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const code = systemErrorCode(cause);
    if (code === 'ENOENT') return [];
    throw new SsecError(
      'FILE_UNREADABLE',
      `The key ring "${folder}" cannot be read (${code ?? 'unknown'}).`,
      {
        hints: ['it is a folder of key files; SSEC_KEYRING names it'],
        cause,
      },
    );
  });
  const keys: RingKey[] = [];
  for (const file of names) {
    const name = KEY_FILE.exec(file)?.groups?.['name'];
    if (name === undefined) continue;
    const path = join(folder, file);
    try {
      const { customerKey, created, isExposed } = await readKeyFile(path);
      keys.push({ name, customerKey, created, isRetired });
      if (isExposed)
        problems.push({
          path,
          error: new SsecError('FILE_UNREADABLE', `the key file "${path}" can be read by others`, {
            hints: [`chmod 600 '${path}'`],
          }),
        });
    } catch (error) {
      problems.push({ path, error: error instanceof SsecError ? error : unreadable(path, error) });
    }
  }
  return keys.sort((a, b) => b.created.getTime() - a.created.getTime() || (a.name < b.name ? -1 : 1));
}

async function readKeyFile(
  path: string,
): Promise<{ readonly customerKey: CustomerKey; readonly created: Date; readonly isExposed: boolean }> {
  const { size, mtime, mode } = await stat(path);
  if (size > MAX_KEY_FILE_BYTES) parseKeyContent(Buffer.alloc(size), `key file "${path}"`);
  const customerKey = parseKeyContent(await readFile(path), `key file "${path}"`);
  return { customerKey, created: mtime, isExposed: (mode & 0o077) !== 0 && platform() !== 'win32' };
}

function unreadable(path: string, cause: unknown): SsecError {
  const code = systemErrorCode(cause) ?? 'unknown';
  return new SsecError('FILE_UNREADABLE', `The key file "${path}" cannot be read: ${code}.`, { cause });
}

async function readDefault(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, DEFAULT_FILE), 'utf8').catch(() => '');
  const name = text.trim();
  return name === '' ? undefined : name;
}

async function isSameKey(path: string, key: CustomerKey): Promise<boolean> {
  return readKeyFile(path).then(
    ({ customerKey }) => customerKey.equals(key),
    () => false,
  );
}

async function makeFolder(folder: string): Promise<void> {
  try {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) await syncDirectory(dirname(made));
  } catch (error) {
    throw unwritable(folder, error);
  }
}
