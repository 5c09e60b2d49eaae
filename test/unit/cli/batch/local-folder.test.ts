import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LocalFolder } from '../../../../src/cli/batch/local-folder.ts';
import { SmallFileSink } from '../../../../src/transfer/small-file-sink.ts';
import { rejected, thrown } from '../../support/thrown.ts';
import { tempFolder } from '../../support/temp-folder.ts';

describe('LocalFolder', () => {
  test('makes folders as files need them, itself with the first', () => {
    const root = join(tempFolder(), 'x/out');
    const folder = new LocalFolder(root, 'out');
    expect(folder.prepare('a/b/c.txt').shown).toBe('out/a/b/c.txt');
    expect(statSync(join(root, 'a/b')).isDirectory()).toBe(true);
    folder.prepare('a/b/d.txt');
    folder.prepare('a/e/f.txt');
    expect(readdirSync(join(root, 'a'))).toEqual(['b', 'e']);
  });

  test.each(['..', '../elsewhere', '/', '.', 'inside', 'nowhere'])('follows no link to %s', (to) => {
    const root = tempFolder();
    mkdirSync(join(root, 'inside'));
    symlinkSync(to, join(root, 'link'));
    const folder = new LocalFolder(root, 'out');
    expect(thrown(() => folder.prepare('link/a')).message).toContain('"out/link" is a symbolic link');
    expect(thrown(() => folder.prepare('link/b/c')).code).toBe('FILE_UNWRITABLE');
    expect(readdirSync(root)).toEqual(['inside', 'link']);
  });

  test('a file in the way, there or to come', () => {
    const root = tempFolder();
    writeFileSync(join(root, 'a'), '');
    const folder = new LocalFolder(root, 'out');
    expect(thrown(() => folder.prepare('a/b')).message).toBe(
      '"out/a" is a file, and a folder is needed there.',
    );
    folder.claim('c');
    expect(thrown(() => folder.prepare('c/d')).message).toBe(
      '"out/c" is a file, and a folder is needed there.',
    );
    folder.release('c');
    folder.prepare('c/d');
  });

  test('is no file itself', () => {
    const path = join(tempFolder(), 'file');
    writeFileSync(path, '');
    expect(thrown(() => new LocalFolder(path, 'file')).message).toBe('"file" is a file, not a folder.');
  });
});

describe('SmallFileSink', () => {
  const options = { name: 'a', noOverwrite: false };

  async function written(path: string, text: string, noOverwrite = false): Promise<void> {
    const sink = new SmallFileSink(path, text.length, { name: 'a', noOverwrite });
    await sink.write(Buffer.from(text.slice(0, 2)));
    await sink.write(Buffer.from(text.slice(2)));
    await sink.commit();
  }

  test('writes a file, and keeps the mode of one that it replaces', async () => {
    const path = join(tempFolder(), 'a');
    await written(path, 'hello');
    expect(readFileSync(path, 'utf8')).toBe('hello');
    writeFileSync(path, 'old', { mode: 0o600 });
    const { mode } = statSync(path);
    await written(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode).toBe(mode);
    expect(readdirSync(join(path, '..'))).toEqual(['a']);
  });

  test('replaces nothing where it must not, or what is no file', async () => {
    const root = tempFolder();
    writeFileSync(join(root, 'a'), 'mine');
    expect((await rejected(written(join(root, 'a'), 'new', true))).code).toBe('TARGET_EXISTS');
    symlinkSync('a', join(root, 'link'));
    expect((await rejected(written(join(root, 'link'), 'new'))).message).toContain('symbolic link');
    mkdirSync(join(root, 'sub'));
    expect((await rejected(written(join(root, 'sub'), 'new'))).message).toContain('directory');
    expect(readFileSync(join(root, 'a'), 'utf8')).toBe('mine');
    expect(readdirSync(root)).toEqual(['a', 'link', 'sub']);
    await written(join(root, 'b'), 'new', true);
    expect(readdirSync(root)).toEqual(['a', 'b', 'link', 'sub']);
  });

  test('leaves nothing of what was not committed', async () => {
    const root = tempFolder();
    const sink = new SmallFileSink(join(root, 'a'), 3, options);
    await sink.write(Buffer.from('abc'));
    expect((await rejected(sink.write(Buffer.from('d')))).code).toBe('SIZE_MISMATCH');
    await sink.discard();
    expect(readdirSync(root)).toEqual([]);
  });

  test('a folder that is gone', async () => {
    const error = await rejected(written(join(tempFolder(), 'gone/a'), 'hello'));
    expect(error.code).toBe('FILE_UNWRITABLE');
  });
});
