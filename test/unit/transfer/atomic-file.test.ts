import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, describe, expect, test } from 'vitest';
import { type FileTargetOptions, openFileTarget } from '../../../src/transfer/atomic-file.ts';
import type { PositionedSink } from '../../../src/transfer/sink.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { rejected } from '../support/thrown.ts';
import { unmetNeed } from '../../support/unmet-need.ts';

async function write(path: string, text: string, options: FileTargetOptions = {}): Promise<void> {
  const sink = await openFileTarget(path, options);
  await sink.write(Buffer.from(text.slice(0, 2)));
  await sink.write(Buffer.from(text.slice(2)));
  await sink.commit();
}

/** Where a device is missing, root would make a file in its place. */
function requireDevice(path: string, context: TestContext): void {
  const why = unmetNeed(path);
  context.skip(why !== undefined, why);
}

const mode = (path: string): number => statSync(path).mode & 0o7777;

describe('a new file', () => {
  test('is not there until it is complete', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a');
    const sink = await openFileTarget(path);
    await sink.write(Buffer.from('half'));
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder)).toHaveLength(1);
    await sink.commit();
    expect(readFileSync(path, 'utf8')).toBe('half');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('nothing stays of one that failed', async () => {
    const folder = tempFolder();
    const sink = await openFileTarget(join(folder, 'a'));
    await sink.write(Buffer.from('half'));
    await sink.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('its mode is what was asked for, else what the umask leaves', async () => {
    const folder = tempFolder();
    await write(join(folder, 'secret'), 'x', { mode: 0o600 });
    await write(join(folder, 'plain'), 'x');
    expect(mode(join(folder, 'secret'))).toBe(0o600);
    expect(mode(join(folder, 'plain'))).toBe(0o666 & ~process.umask());
  });

  test('a name as long as the file system takes', async () => {
    const folder = tempFolder();
    await write(join(folder, 'n'.repeat(255)), 'x');
    expect(readdirSync(folder)).toEqual(['n'.repeat(255)]);
    const error = await rejected(write(join(folder, 'n'.repeat(256)), 'x'));
    expect(error.code).toBe('FILE_UNWRITABLE');
    expect(readdirSync(folder)).toEqual(['n'.repeat(255)]);
  });

  test('an empty one', async () => {
    const path = join(tempFolder(), 'a');
    const sink = await openFileTarget(path);
    await sink.commit();
    expect(readFileSync(path)).toHaveLength(0);
  });
});

describe('a file that is there', () => {
  test('is replaced whole, and keeps its mode', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a');
    writeFileSync(path, 'a longer text than the new one');
    chmodSync(path, 0o751);
    await write(path, 'new', { mode: 0o600 });
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(mode(path)).toBe(0o751);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test("its temporary file is nobody else's while it is written", async () => {
    const folder = tempFolder();
    const path = join(folder, 'a');
    writeFileSync(path, 'old', { mode: 0o600 });
    const sink = await openFileTarget(path);
    const temp = readdirSync(folder).find((name) => name !== 'a') ?? '';
    expect(mode(join(folder, temp))).toBe(0o600);
    await sink.discard();
  });

  test('that came after the first half gives its mode to the whole', async () => {
    const path = join(tempFolder(), 'a');
    const first = (await openFileTarget(path)) as PositionedSink;
    await first.write(Buffer.from('half'));
    await first.keep();
    writeFileSync(path, 'theirs');
    chmodSync(path, 0o600);
    const second = await openFileTarget(path, { temporaryName: first.temporaryName });
    await second.commit();
    expect(readFileSync(path, 'utf8')).toBe('half');
    expect(mode(path)).toBe(0o600);
  });

  test('is given another mode on request', async () => {
    const path = join(tempFolder(), 'a');
    writeFileSync(path, 'old');
    chmodSync(path, 0o644);
    await write(path, 'new', { mode: 0o600, replaceMode: true });
    expect(mode(path)).toBe(0o600);
  });

  test('stays as it is where the new one failed', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a');
    writeFileSync(path, 'old');
    const inode = statSync(path).ino;
    const sink = await openFileTarget(path);
    await sink.write(Buffer.from('half'));
    await sink.discard();
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(statSync(path).ino).toBe(inode);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('is not touched under --no-overwrite', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'a'), 'old');
    const error = await rejected(openFileTarget(join(folder, 'a'), { noOverwrite: true }));
    expect(error.code).toBe('TARGET_EXISTS');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('that comes while we write wins under --no-overwrite', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a');
    const sink = await openFileTarget(path, { noOverwrite: true });
    await sink.write(Buffer.from('ours'));
    writeFileSync(path, 'theirs');
    expect((await rejected(sink.commit())).code).toBe('TARGET_EXISTS');
    expect(readFileSync(path, 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  test('of two that write under --no-overwrite at once, one is whole and one is told', async () => {
    const folder = tempFolder();
    const path = join(folder, 'a');
    const results = await Promise.allSettled(
      ['first', 'second', 'third'].map((text) => write(path, text, { noOverwrite: true })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(['first', 'second', 'third']).toContain(readFileSync(path, 'utf8'));
    expect(readdirSync(folder)).toEqual(['a']);
  });
});

describe('symbolic links', () => {
  test('the file behind one is replaced, and the link stays', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'a'), 'old');
    symlinkSync('real/a', join(folder, 'link'));
    await write(join(folder, 'link'), 'new');
    expect(readlinkSync(join(folder, 'link'))).toBe('real/a');
    expect(readFileSync(join(folder, 'real', 'a'), 'utf8')).toBe('new');
    expect(readdirSync(join(folder, 'real'))).toEqual(['a']);
  });

  test('one to a name that is not there yet makes that name', async () => {
    const folder = tempFolder();
    mkdirSync(join(folder, 'real'));
    symlinkSync('real/a', join(folder, 'one'));
    symlinkSync('one', join(folder, 'two'));
    await write(join(folder, 'two'), 'new');
    expect(lstatSync(join(folder, 'two')).isSymbolicLink()).toBe(true);
    expect(lstatSync(join(folder, 'one')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real', 'a'), 'utf8')).toBe('new');
  });

  test('a circle', async () => {
    const folder = tempFolder();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    const error = await rejected(openFileTarget(join(folder, 'a')));
    expect(error.code).toBe('FILE_UNWRITABLE');
    expect(error.message).toContain('circle');
  });
});

describe('what is no regular file is written in order', () => {
  test('/dev/null', async (context) => {
    requireDevice('/dev/null', context);
    await write('/dev/null', 'gone', { noOverwrite: true });
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('a FIFO', async () => {
    const folder = tempFolder();
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    const [text] = await Promise.all([readFile(path, 'utf8'), write(path, 'through the pipe')]);
    expect(text).toBe('through the pipe');
    expect(statSync(path).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['fifo']);
  });

  test('a FIFO behind a link', async () => {
    const folder = tempFolder();
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    symlinkSync('fifo', join(folder, 'link'));
    const [text] = await Promise.all([
      readFile(join(folder, 'fifo'), 'utf8'),
      write(join(folder, 'link'), 'hello'),
    ]);
    expect(text).toBe('hello');
  });

  test('a device that is full', async (context) => {
    requireDevice('/dev/full', context);
    const sink = await openFileTarget('/dev/full');
    const failed = async (): Promise<void> => {
      await sink.write(Buffer.from('x'));
      await sink.commit();
    };
    expect((await rejected(failed())).code).toBe('DISK_FULL');
    await sink.discard();
  });
});

describe('what cannot be written', () => {
  test('a directory', async () => {
    expect((await rejected(openFileTarget(tempFolder()))).code).toBe('FILE_UNWRITABLE');
  });

  test('a folder that is not there', async () => {
    const error = await rejected(openFileTarget(join(tempFolder(), 'no', 'a')));
    expect(error.code).toBe('FILE_UNWRITABLE');
    expect(error.message).toContain('The folder of');
  });

  test.skipIf(process.getuid?.() === 0)('a folder that we may not write', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o500);
    expect((await rejected(openFileTarget(join(folder, 'a')))).code).toBe('FILE_UNWRITABLE');
    chmodSync(folder, 0o700);
  });

  test('a target that turns into a directory leaves no temporary file', async () => {
    const folder = tempFolder();
    const sink = await openFileTarget(join(folder, 'a'));
    await sink.write(Buffer.from('x'));
    mkdirSync(join(folder, 'a'));
    expect((await rejected(sink.commit())).code).toBe('FILE_UNWRITABLE');
    expect(readdirSync(folder)).toEqual(['a']);
  });
});
