import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { KeyRing } from '../../../src/keys/key-ring.ts';
import { temporaryFolders } from '../../support/temp-folder.ts';
import { rejected } from '../support/thrown.ts';

const freshFolder = temporaryFolders('ring');
const isWindows = process.platform === 'win32';
const newFolder = (): string => join(freshFolder(), 'config', 'ssec', 'keys');

async function ringOf(...names: string[]): Promise<KeyRing> {
  const ring = await KeyRing.open(newFolder());
  for (const name of names) await ring.add(name, CustomerKey.generate());
  return KeyRing.open(ring.folder);
}

const namesOf = (ring: KeyRing): string[] => ring.keys.map(({ name }) => name).toSorted();

describe('a ring that nobody has made yet', () => {
  test('is empty, and looking makes no folder', async () => {
    const folder = newFolder();
    const ring = await KeyRing.open(folder);
    expect(ring.keys).toEqual([]);
    expect(ring.problems).toEqual([]);
    expect(ring.default).toBeUndefined();
    expect(existsSync(join(folder, '..', '..'))).toBe(false);
  });

  test('the first key makes it, for its owner alone, and becomes the default', async () => {
    const ring = await KeyRing.open(newFolder());
    const key = CustomerKey.generate();
    const { path, isDefault } = await ring.add('2026', key);
    expect(isDefault).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe(`${key.toBase64()}\n`);
    expect(readFileSync(join(ring.folder, 'default'), 'utf8')).toBe('2026\n');
    if (isWindows) return;
    for (const one of [path, join(ring.folder, 'default')]) expect(statSync(one).mode & 0o777).toBe(0o600);
    for (const one of [ring.folder, join(ring.folder, '..')]) expect(statSync(one).mode & 0o777).toBe(0o700);
  });
});

describe('adding', () => {
  test('the second key does not become the default', async () => {
    const ring = await ringOf('a');
    expect(await ring.add('b', CustomerKey.generate())).toMatchObject({ isDefault: false });
    expect((await KeyRing.open(ring.folder)).default?.name).toBe('a');
  });

  test.for([
    '',
    '.',
    '..',
    '.hidden',
    '-o',
    'a/b',
    'a\\b',
    'a b',
    'a\n',
    'é',
    'a.',
    'x'.repeat(64),
    '__proto__/x',
  ])('%j is no name', async (name) => {
    const ring = await ringOf();
    const error = await rejected(ring.add(name, CustomerKey.generate()));
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(existsSync(ring.folder)).toBe(false);
  });

  test.for(['con', 'NUL', 'aux.2026', 'Com1', 'lpt9.x'])('%s is a device on Windows', async (name) => {
    const ring = await ringOf();
    const error = await rejected(ring.add(name, CustomerKey.generate()));
    expect(error.message).toBe(`"${name}" cannot be the name of a key: on Windows it is a device.`);
  });

  test.for(['a', '2026', 'console', 'com', 'prod.eu-1_x', 'x'.repeat(63)])('%s is a name', async (name) => {
    expect(namesOf(await ringOf(name))).toEqual([name]);
  });

  test('a key as its own name is not shown', async () => {
    const key = CustomerKey.generate();
    const ring = await ringOf();
    for (const text of [key.toBase64(), key.toBase64().slice(0, 43), key.toBytes().toString('hex')]) {
      for (const error of [await rejected(ring.add(text, key)), await rejected(ring.setDefault(text))])
        expect([error.message, ...error.hints].join()).not.toContain(text.slice(0, 12));
    }
  });

  test('a name that is taken, in whatever case, retired or broken', async () => {
    const ring = await ringOf('a', 'b');
    await ring.retire('b');
    writeFileSync(join(ring.folder, 'c.key'), 'no key');
    for (const name of ['a', 'A', 'b', 'B', 'c', 'C'])
      expect((await rejected(ring.add(name, CustomerKey.generate()))).code).toBe('TARGET_EXISTS');
    expect(readFileSync(join(ring.folder, 'c.key'), 'utf8')).toBe('no key');
  });

  test('the same key twice', async () => {
    const key = CustomerKey.generate();
    const ring = await ringOf();
    await ring.add('a', key);
    const error = await rejected(ring.add('b', CustomerKey.fromBytes(key.toBytes())));
    expect(error.message).toBe('That key is in the ring already, as "a".');
  });

  test('a text key', async () => {
    const weak = CustomerKey.fromBytes(Buffer.from('0123456789abcdef0123456789abcdef'), { weak: true });
    expect((await rejected((await ringOf()).add('a', weak))).code).toBe('USAGE');
  });

  test('many at once, as of as many processes: all are there, and one is the default', async () => {
    const folder = newFolder();
    const names = Array.from({ length: 30 }, (_, i) => `key-${i}`);
    const added = await Promise.all(
      names.map(async (name) => (await KeyRing.open(folder)).add(name, CustomerKey.generate())),
    );
    expect(added.filter(({ isDefault }) => isDefault)).toHaveLength(1);
    const ring = await KeyRing.open(folder);
    expect(namesOf(ring)).toEqual(names.toSorted());
    expect(ring.default).toBeDefined();
  });

  test('one name by many at once: one of them gets it, and that key is there', async () => {
    const folder = newFolder();
    const keys = Array.from({ length: 20 }, () => CustomerKey.generate());
    const results = await Promise.allSettled(
      keys.map(async (key) => (await KeyRing.open(folder)).add('same', key)),
    );
    const won = keys.filter((_, i) => results[i]?.status === 'fulfilled');
    expect(won).toHaveLength(1);
    expect((await KeyRing.open(folder)).find('same').customerKey.md5).toBe(won[0]?.md5);
  });
});

describe('the default', () => {
  test('is another from now on', async () => {
    const ring = await ringOf('a', 'b');
    await ring.setDefault('b');
    expect((await KeyRing.open(ring.folder)).default?.name).toBe('b');
  });

  test('cannot be a key that is retired, or not there', async () => {
    const ring = await ringOf('a', 'b');
    await ring.retire('b');
    expect((await rejected(ring.setDefault('b'))).code).toBe('KEY_RETIRED');
    expect((await rejected(ring.setDefault('c'))).code).toBe('KEY_NOT_FOUND');
  });

  test('whose file its owner took away is none, and the next key takes its place', async () => {
    const ring = await ringOf('a', 'b');
    rmSync(join(ring.folder, 'a.key'));
    const now = await KeyRing.open(ring.folder);
    expect(now.default).toBeUndefined();
    expect(now.defaultName).toBe('a');
    expect(await ring.add('c', CustomerKey.generate())).toMatchObject({ isDefault: true });
    expect((await KeyRing.open(ring.folder)).default?.name).toBe('c');
  });

  test('whose file is broken is not replaced behind its back', async () => {
    const ring = await ringOf('a');
    writeFileSync(join(ring.folder, 'a.key'), 'broken');
    expect(await ring.add('c', CustomerKey.generate())).toMatchObject({ isDefault: false });
  });

  test('that somebody moved to the retired by hand is none', async () => {
    const ring = await ringOf('a', 'b');
    mkdirSync(join(ring.folder, 'retired'));
    renameSync(join(ring.folder, 'a.key'), join(ring.folder, 'retired/a.key'));
    expect((await KeyRing.open(ring.folder)).default).toBeUndefined();
  });

  test.for(['../../etc/passwd', 'a\nb', '\u001b[31m', 'x'.repeat(5000)])(
    'a file that holds %j',
    async (text) => {
      const ring = await ringOf('a');
      writeFileSync(join(ring.folder, 'default'), text);
      expect((await KeyRing.open(ring.folder)).default).toBeUndefined();
    },
  );

  test('a folder in place of its file is a problem, and hides no key', async () => {
    const ring = await ringOf('a');
    rmSync(join(ring.folder, 'default'));
    mkdirSync(join(ring.folder, 'default'));
    const now = await KeyRing.open(ring.folder);
    expect(now.problems.map(({ error }) => error.message)).toEqual([
      `"${join(ring.folder, 'default')}" in the key ring cannot be read: it is a directory.`,
    ]);
    expect(namesOf(now)).toEqual(['a']);
  });
});

describe('retiring', () => {
  test('the key stays, opens, and keeps its time', async () => {
    const ring = await ringOf('a', 'b');
    const before = ring.find('b');
    const when = new Date('2025-01-02T03:04:05Z');
    utimesSync(join(ring.folder, 'b.key'), when, when);
    await ring.retire('b');
    const after = (await KeyRing.open(ring.folder)).find('b');
    expect(after).toMatchObject({ isRetired: true, created: when });
    expect(after.customerKey.equals(before.customerKey)).toBe(true);
    expect(readdirSync(ring.folder).toSorted()).toEqual(['a.key', 'default', 'retired']);
    if (!isWindows) expect(statSync(join(ring.folder, 'retired')).mode & 0o777).toBe(0o700);
  });

  test('twice is once', async () => {
    const ring = await ringOf('a', 'b');
    await ring.retire('b');
    await ring.retire('b');
    expect((await KeyRing.open(ring.folder)).find('b').isRetired).toBe(true);
  });

  test('by many at once', async () => {
    const { folder } = await ringOf('a', 'b');
    await Promise.all(Array.from({ length: 20 }, async () => (await KeyRing.open(folder)).retire('b')));
    const ring = await KeyRing.open(folder);
    expect(ring.problems).toEqual([]);
    expect(ring.find('b').isRetired).toBe(true);
  });

  test('the default is refused', async () => {
    const ring = await ringOf('a');
    expect((await rejected(ring.retire('a'))).code).toBe('USAGE');
  });

  test('goes on where one was stopped between its two names', async () => {
    const ring = await ringOf('a', 'b');
    mkdirSync(join(ring.folder, 'retired'));
    writeFileSync(join(ring.folder, 'retired/b.key'), readFileSync(join(ring.folder, 'b.key')), {
      mode: 0o600,
    });
    const now = await KeyRing.open(ring.folder);
    expect(now.keys.filter(({ name }) => name === 'b')).toHaveLength(1);
    await now.retire('b');
    expect((await KeyRing.open(ring.folder)).find('b').isRetired).toBe(true);
    expect(existsSync(join(ring.folder, 'b.key'))).toBe(false);
  });

  test('never replaces another key of that name', async () => {
    const ring = await ringOf('a', 'b');
    mkdirSync(join(ring.folder, 'retired'));
    const other = CustomerKey.generate();
    writeFileSync(join(ring.folder, 'retired/b.key'), other.toBase64(), { mode: 0o600 });
    expect((await rejected(ring.retire('b'))).code).toBe('TARGET_EXISTS');
    // both open
    expect((await KeyRing.open(ring.folder)).keys.map(({ name }) => name).toSorted()).toEqual([
      'a',
      'b',
      'b',
    ]);
  });

  test.skipIf(isWindows)('a link into the ring becomes a file of its own', async () => {
    const ring = await ringOf('a');
    const key = CustomerKey.generate();
    writeFileSync(join(ring.folder, '../elsewhere'), key.toBase64(), { mode: 0o600 });
    symlinkSync('../elsewhere', join(ring.folder, 'b.key'));
    await ring.retire('b');
    expect((await KeyRing.open(ring.folder)).find('b').customerKey.md5).toBe(key.md5);
    expect(existsSync(join(ring.folder, '../elsewhere'))).toBe(true);
  });
});

describe('what does not belong there', () => {
  test('a broken key is a problem that names its file and not what it holds', async () => {
    const ring = await ringOf('a');
    const half = CustomerKey.generate().toBase64().slice(0, 40);
    writeFileSync(join(ring.folder, 'b.key'), half, { mode: 0o600 });
    const now = await KeyRing.open(ring.folder);
    expect(namesOf(now)).toEqual(['a']);
    expect(now.problems).toMatchObject([{ keyName: 'b', error: { code: 'KEY_MALFORMED' } }]);
    expect(now.problems[0]?.error.message).toContain('b.key');
    expect(JSON.stringify(now.problems)).not.toContain(half.slice(0, 8));
    expect(() => now.find('b')).toThrow(now.problems[0]?.error.message);
  });

  test('names that no key can have are problems, other files are none', async () => {
    const ring = await ringOf('a');
    for (const name of ['my old.key', 'é.key', '._a.key', '.ssec-0123456789abcdef.tmp', 'README', 'a.key~'])
      writeFileSync(join(ring.folder, name), '', { mode: 0o600 });
    const { problems } = await KeyRing.open(ring.folder);
    const paths = problems.map(({ path }) => path).toSorted();
    expect(paths).toEqual([join(ring.folder, 'my old.key'), join(ring.folder, 'é.key')]);
  });

  test.skipIf(isWindows)('a FIFO, a device, a folder and a link to nothing are not read', async () => {
    const ring = await ringOf('a');
    execFileSync('mkfifo', [join(ring.folder, 'fifo.key')]);
    symlinkSync('/dev/zero', join(ring.folder, 'zero.key'));
    mkdirSync(join(ring.folder, 'folder.key'));
    symlinkSync('nowhere', join(ring.folder, 'gone.key'));
    writeFileSync(join(ring.folder, 'big.key'), Buffer.alloc(5_000_000), { mode: 0o600 });
    const now = await KeyRing.open(ring.folder);
    expect(now.problems.map(({ keyName }) => String(keyName)).toSorted()).toEqual([
      'big',
      'fifo',
      'folder',
      'gone',
      'zero',
    ]);
    expect(namesOf(now)).toEqual(['a']);
  });

  test.skipIf(isWindows)('what others can read or change is told, and used', async () => {
    const ring = await ringOf('a');
    chmodSync(join(ring.folder, 'a.key'), 0o640);
    chmodSync(ring.folder, 0o770);
    const now = await KeyRing.open(ring.folder);
    expect(now.problems.map(({ error }) => error.message)).toEqual([
      `The key ring "${ring.folder}" can be changed by others.`,
      `The key file "${join(ring.folder, 'a.key')}" can be read by others.`,
    ]);
    expect(now.default?.name).toBe('a');
  });

  test('a file in place of the ring', async () => {
    const file = join(freshFolder(), 'file');
    writeFileSync(file, '');
    const error = await rejected(KeyRing.open(file));
    expect(error).toMatchObject({
      code: 'FILE_UNREADABLE',
      message: `The key ring "${file}" cannot be read: it is no folder.`,
    });
  });

  test('a file in place of the folder of the retired hides no other key', async () => {
    const ring = await ringOf('a');
    writeFileSync(join(ring.folder, 'retired'), '');
    const now = await KeyRing.open(ring.folder);
    expect(namesOf(now)).toEqual(['a']);
    expect(now.problems).toHaveLength(1);
  });

  test.skipIf(isWindows)('a link to the ring is the ring; a link to nothing is none to be made', async () => {
    const ring = await ringOf('a');
    const folder = freshFolder();
    symlinkSync(ring.folder, join(folder, 'link'));
    const linked = await KeyRing.open(join(folder, 'link'));
    await linked.add('b', CustomerKey.generate());
    await linked.retire('b');
    expect(namesOf(await KeyRing.open(ring.folder))).toEqual(['a', 'b']);
    symlinkSync('nowhere', join(folder, 'dangling'));
    const dangling = await KeyRing.open(join(folder, 'dangling'));
    expect(dangling.keys).toEqual([]);
    expect((await rejected(dangling.add('a', CustomerKey.generate()))).code).toBe('FILE_UNWRITABLE');
  });
});

test('an old key beside a new one: the newest first, the retired last', async () => {
  const ring = await ringOf('a', 'b', 'c');
  for (const [name, year] of [
    ['a', 2024],
    ['b', 2026],
    ['c', 2025],
  ] as const)
    utimesSync(join(ring.folder, `${name}.key`), new Date(`${year}-01-01`), new Date(`${year}-01-01`));
  await ring.retire('b');
  expect((await KeyRing.open(ring.folder)).keys.map(({ name }) => name)).toEqual(['c', 'a', 'b']);
});

test('a copy of the folder is a backup', async () => {
  const ring = await ringOf('a', 'b', 'c');
  await ring.retire('c');
  const copy = freshFolder();
  execFileSync('cp', ['-a', `${ring.folder}/.`, copy]);
  const restored = await KeyRing.open(copy);
  const now = await KeyRing.open(ring.folder);
  const told = (one: KeyRing): unknown =>
    one.keys.map((key) => [key.name, key.customerKey.md5, key.isRetired]);
  expect(told(restored)).toEqual(told(now));
  expect(restored.default?.name).toBe('a');
});
