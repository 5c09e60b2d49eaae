import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareKeys } from '../../../../src/cli/batch/match-listed.ts';
import { createPathFilter } from '../../../../src/cli/batch/path-filter.ts';
import { walkFolder } from '../../../../src/cli/batch/walk-folder.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const all = createPathFilter({});

function folderOf(...files: readonly string[]): string {
  const root = tempFolder();
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), 'x');
  }
  return root;
}

function walked(root: string, filter = all): string[] {
  return [...walkFolder(root, 'DIR', filter)].map(({ kind, path }) =>
    kind === 'file' ? path : `${kind}: ${path}`,
  );
}

describe('walkFolder', () => {
  test('gives files in the order in which S3 lists them', () => {
    const root = folderOf('a/z', 'a.txt', 'a0', 'b', 'a/b/c', 'ü', '😀', '\uffee', 'Z');
    const paths = walked(root);
    expect(paths).toEqual(['Z', 'a.txt', 'a/b/c', 'a/z', 'a0', 'b', 'ü', '\uffee', '😀']);
    expect(paths.toSorted(compareKeys)).toEqual(paths);
  });

  test('follows links to files, and no others', () => {
    const root = folderOf('a', 'sub/b');
    symlinkSync('a', join(root, 'link'));
    symlinkSync('..', join(root, 'sub/loop'));
    symlinkSync('nowhere', join(root, 'dangling'));
    symlinkSync('circle', join(root, 'circle'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('pipe', join(root, 'to-pipe'));
    expect(walked(root)).toEqual([
      'a',
      'failure: circle',
      'failure: dangling',
      'link',
      'skipped: pipe',
      'sub/b',
      'skipped: sub/loop',
      'skipped: to-pipe',
    ]);
  });

  test('what is excluded is not looked at', () => {
    const root = folderOf('a', 'tmp/b', 'sub/x.bak', 'sub/.ssec-0123456789abcdef.tmp');
    symlinkSync('nowhere', join(root, 'sub/y.bak'));
    expect(walked(root, createPathFilter({ exclude: ['tmp/', '*.bak'] }))).toEqual(['a']);
  });

  test('nor is a link to a folder that is excluded', () => {
    const root = folderOf('a', 'real/b');
    symlinkSync('real', join(root, 'link'));
    const filter = createPathFilter({ exclude: ['link/'] });
    expect(walked(root, filter)).toEqual(['a', 'real/b']);
    expect(walked(root)).toEqual(['a', 'skipped: link', 'real/b']);
  });

  test('names that are no UTF-8 are failures, files and folders alike', () => {
    const root = folderOf('a');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9)]), 'x');
    mkdirSync(Buffer.concat([Buffer.from(`${root}/d`), Buffer.of(0xff)]));
    expect(walked(root)).toEqual(['a', 'failure: caf\\xe9', 'failure: d\\xff']);
  });

  test('a folder that may not be read is a failure of its own', () => {
    const root = folderOf('a', 'closed/b', 'z');
    chmodSync(root, 0o755);
    chmodSync(join(root, 'closed'), 0);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(walked(root)).toEqual(['a', 'failure: closed/', 'z']);
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(join(root, 'closed'), 0o700);
    }
  });

  test('a folder that is gone when its turn comes is a failure of its own', () => {
    const root = folderOf('a', 'sub/b');
    const entries = walkFolder(root, 'DIR', all);
    entries.next();
    execFileSync('rm', ['-r', join(root, 'sub')]);
    const [entry] = [...entries];
    expect(entry).toMatchObject({ kind: 'failure', path: 'sub/', error: { code: 'FILE_NOT_FOUND' } });
  });
});
