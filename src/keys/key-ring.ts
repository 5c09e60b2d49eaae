import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SsecError, withHints } from '../errors.ts';
import { writeFileAtomically } from '../transfer/atomic-file.ts';
import { unwritable } from '../transfer/sink.ts';
import type { CustomerKey } from './customer-key.ts';
import { writeKeyFile } from './key-file.ts';
import { checkKeyName } from './key-name.ts';
import { looksLikeKey } from './key-text.ts';
import { moveKeyFile } from './retire-file.ts';
import {
  type RingKey,
  type RingProblem,
  holdsKey,
  isThere,
  keyPath,
  makeRingFolder,
  readDefault,
  readKeys,
} from './ring-files.ts';

const DEFAULT_FILE = 'default';
const RETIRED_FOLDER = 'retired';

/**
 * The customer keys of a user: a folder of key files, `NAME.key`, in it a folder of those that are retired, and a file
 * with the name of the default. Each change is one new file under a name that was free, or one file replaced: there is
 * no lock, several processes may work at once, and a crash loses no key that was said to be there. There is no way to
 * remove a key: that is for its owner to do by hand.
 *
 * What it shows is as it was when it was opened; what it changes, it looks at anew.
 */
export class KeyRing {
  readonly folder: string;
  /** The newest first, retired ones behind the others. */
  readonly keys: readonly RingKey[];
  readonly problems: readonly RingProblem[];
  /** What the default is said to be, whether there is such a key or not. */
  readonly defaultName: string | undefined;

  private constructor(folder: string, ring: Pick<KeyRing, 'keys' | 'problems' | 'defaultName'>) {
    this.folder = folder;
    this.keys = ring.keys;
    this.problems = ring.problems;
    this.defaultName = ring.defaultName;
  }

  /**
   * Reads the ring. A folder that is not there is an empty one; a file in it that is no key is a problem, and hides no
   * other.
   *
   * @throws SsecError FILE_UNREADABLE where the folder itself cannot be read
   */
  static async open(folder: string): Promise<KeyRing> {
    // in this order a key that is retired meanwhile is seen in one place at least
    const active = await readKeys(folder, false);
    const retired = await readRetired(join(folder, RETIRED_FOLDER));
    const { name, problem } = await readDefault(join(folder, DEFAULT_FILE));
    const isInBoth = (key: RingKey): boolean =>
      active.keys.some((other) => other.name === key.name && other.customerKey.equals(key.customerKey));
    return new KeyRing(folder, {
      // stopped in the midst of `retire`, a key is in both places
      keys: [...active.keys, ...retired.keys.filter((key) => !isInBoth(key))],
      problems: [...active.problems, ...retired.problems, ...(problem === undefined ? [] : [problem])],
      defaultName: name,
    });
  }

  /** Paths of all files of a ring that no transfer may touch, whether they can be read or not. */
  static async files(folder: string): Promise<string[]> {
    const folders = [folder, join(folder, RETIRED_FOLDER)];
    const lists = await Promise.all(
      folders.map(async (one) => (await readdir(one).catch(() => [])).map((file) => join(one, file))),
    );
    return lists.flat();
  }

  /** The key that is written with where none is named. */
  get default(): RingKey | undefined {
    return this.keys.find(({ name, isRetired }) => name === this.defaultName && !isRetired);
  }

  /** @throws SsecError KEY_NOT_FOUND, and what is wrong with its file: KEY_MALFORMED, FILE_UNREADABLE */
  find(name: string): RingKey {
    const found = this.keys.find((key) => key.name === name);
    if (found !== undefined) return found;
    const broken = this.problems.find(({ keyName }) => keyName === name);
    if (broken !== undefined) throw broken.error;
    throw keyNotFound(name, this.keys);
  }

  /** The key with that digest, as S3 shows it. */
  withMd5(md5: string): RingKey | undefined {
    return this.keys.find(({ customerKey }) => customerKey.md5 === md5);
  }

  /**
   * Puts a key in. Where no key is the default, it becomes the default.
   *
   * @returns whether it became the default
   * @throws SsecError USAGE for what is no name or a text key, TARGET_EXISTS for a name or a key that is there,
   *   FILE_UNWRITABLE, DISK_FULL
   */
  async add(name: string, key: CustomerKey): Promise<{ readonly path: string; readonly isDefault: boolean }> {
    checkKeyName(name);
    if (key.weak) {
      throw new SsecError('USAGE', 'A key of printable characters has no place in the ring: it is weak.', {
        hints: ['read what it wrote with --key-file FILE --key-format text'],
      });
    }
    const now = await KeyRing.open(this.folder);
    now.#refuseSame(name, key);
    const retired = keyPath(join(this.folder, RETIRED_FOLDER), name);
    if (await isThere(retired)) throw nameTaken(name);
    await makeRingFolder(this.folder);
    const path = keyPath(this.folder, name);
    await writeKeyFile(path, path, key);
    // another key had the name, and was retired between the look and the writing
    if ((await isThere(retired)) && !(await holdsKey(retired, key))) {
      if (await holdsKey(path, key)) await rm(path);
      throw nameTaken(name);
    }
    if (now.defaultName !== undefined && !now.#isDefaultGone) return { path, isDefault: false };
    try {
      return { path, isDefault: await this.#becomeDefault(name, now) };
    } catch (error) {
      if (!(error instanceof SsecError)) throw error;
      throw withHints(error, [
        `the key itself is in the ring; make it the default: ssec keys default ${name}`,
      ]);
    }
  }

  /**
   * @throws SsecError KEY_NOT_FOUND, KEY_RETIRED, FILE_UNWRITABLE, DISK_FULL
   */
  async setDefault(name: string): Promise<void> {
    const now = await KeyRing.open(this.folder);
    if (now.find(name).isRetired) throw keyRetired(name, 'and can be no default');
    const path = join(this.folder, DEFAULT_FILE);
    await writeFileAtomically(path, Buffer.from(`${name}\n`), { mode: 0o600, name: path });
  }

  /**
   * From here on the key opens and does not write.
   *
   * @throws SsecError KEY_NOT_FOUND, USAGE for the default, FILE_UNWRITABLE, DISK_FULL
   */
  async retire(name: string): Promise<void> {
    const now = await KeyRing.open(this.folder);
    const key = now.find(name);
    if (key.isRetired) return;
    if (name === now.defaultName) {
      throw new SsecError(
        'USAGE',
        `"${name}" is the default, and what is put without a key is written with it.`,
        {
          hints: ['make another the default first: ssec keys default NAME', 'a new one: ssec keys add NAME'],
        },
      );
    }
    const folder = join(this.folder, RETIRED_FOLDER);
    await makeRingFolder(folder);
    const to = keyPath(folder, name);
    try {
      await moveKeyFile(keyPath(this.folder, name), to, key);
    } catch (error) {
      throw unwritable(to, error);
    }
  }

  /** Its owner took the file away; who writes with it would find none. */
  get #isDefaultGone(): boolean {
    const { defaultName, keys, problems } = this;
    return (
      defaultName !== undefined &&
      keys.every(({ name }) => name !== defaultName) &&
      problems.every(({ keyName }) => keyName !== defaultName)
    );
  }

  #refuseSame(name: string, key: CustomerKey): void {
    // some file systems take no notice of case
    const lower = name.toLowerCase();
    const names = [
      ...this.keys.map((other) => other.name),
      ...this.problems.flatMap(({ keyName }) => keyName ?? []),
    ];
    const taken = names.find((other) => other.toLowerCase() === lower);
    if (taken !== undefined) throw nameTaken(taken);
    const same = this.keys.find(({ customerKey }) => customerKey.equals(key));
    if (same !== undefined) {
      throw new SsecError('TARGET_EXISTS', `That key is in the ring already, as "${same.name}".`);
    }
  }

  /** @param seen what was there before the key was */
  async #becomeDefault(name: string, seen: KeyRing): Promise<boolean> {
    const path = join(this.folder, DEFAULT_FILE);
    // somebody may have named another one since
    if ((await readDefault(path)).name !== seen.defaultName) return false;
    try {
      await writeFileAtomically(path, Buffer.from(`${name}\n`), {
        mode: 0o600,
        noOverwrite: !seen.#isDefaultGone,
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

/** The keys that are in use open all the same. */
async function readRetired(folder: string): ReturnType<typeof readKeys> {
  try {
    return await readKeys(folder, true);
  } catch (error) {
    if (!(error instanceof SsecError)) throw error;
    return { keys: [], problems: [{ path: folder, keyName: undefined, kind: 'broken', error }] };
  }
}

function nameTaken(name: string): SsecError {
  return new SsecError('TARGET_EXISTS', `There is a key "${name}" in the ring already.`, {
    hints: ['objects may need it; choose another name'],
  });
}

/** @param keys those that there are */
export function keyNotFound(name: string, keys: readonly RingKey[]): SsecError {
  const names = keys.slice(0, 20).map((key) => key.name);
  const message = looksLikeKey(name)
    ? 'What was given as the name of a key looks like the key itself.'
    : `There is no key "${name}" in the ring.`;
  return new SsecError('KEY_NOT_FOUND', message, {
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
