import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { leftOut, leftOutOn } from '../platforms.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('Linux runs everything, macOS nearly so', () => {
  expect(leftOutOn('linux')).toEqual([]);
  expect(leftOutOn('darwin')).toEqual(['test/completion/**', 'test/package/publish.test.ts']);
});

test('what is left out is there, and named once', () => {
  const files = leftOut.flatMap((group) => group.files);
  for (const file of files) expect(existsSync(root + file), file).toBe(true);
  expect(new Set(files).size).toBe(files.length);
});
