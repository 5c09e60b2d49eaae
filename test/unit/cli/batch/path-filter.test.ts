import { describe, expect, test } from 'vitest';
import { createPathFilter } from '../../../../src/cli/batch/path-filter.ts';

describe('one pattern', () => {
  test.each([
    ['*.jpg', 'a.jpg', true],
    ['*.jpg', 'deep/er/a.jpg', true],
    ['*.jpg', '.jpg', true],
    ['*.jpg', 'a.jpg/b', false],
    ['docs/*.md', 'docs/a.md', true],
    ['docs/*.md', 'docs/x/a.md', false],
    ['docs/*.md', 'x/docs/a.md', false],
    ['docs/**', 'docs/x/.y/a', true],
    ['docs/', 'docs/x/a', true],
    ['docs/', 'docs', false],
    ['**/tmp/', 'a/tmp/b', true],
    ['/*.md', 'a.md', true],
    ['/*.md', 'x/a.md', false],
    ['./a.md', 'a.md', true],
    ['[ab].txt', 'b.txt', true],
    ['{a,b}.txt', 'b.txt', true],
    ['!a', '!a', true],
    ['!a', 'b', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
  ])('%s, %s: %s', (pattern, path, expected) => {
    expect(createPathFilter({ include: [pattern] }).takes(path)).toBe(expected);
    expect(createPathFilter({ exclude: [pattern] }).takes(path)).toBe(!expected);
  });
});

test('exclude beats include, and without include all is taken', () => {
  const filter = createPathFilter({ include: ['*.jpg', '*.png'], exclude: ['x*'] });
  expect(['a.jpg', 'a.png', 'a.gif', 'xa.jpg'].filter((path) => filter.takes(path))).toEqual([
    'a.jpg',
    'a.png',
  ]);
  expect(createPathFilter({}).takes('anything/at/all')).toBe(true);
});

test('a folder of which nothing is taken need not be looked into', () => {
  const filter = createPathFilter({ exclude: ['node_modules/', '**/cache/**', '*.tmp', 'a/*'] });
  const folders = ['node_modules', 'x/node_modules', 'cache', 'x/cache', 'x.tmp', 'a', 'a/b'];
  expect(folders.filter((folder) => filter.skipsFolder(folder))).toEqual([
    'node_modules',
    'cache',
    'x/cache',
  ]);
});
