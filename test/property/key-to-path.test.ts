import fc from 'fast-check';
import { posix, win32 } from 'node:path';
import { describe, expect, test } from 'vitest';
import { whyNoPath } from '../../src/cli/batch/key-to-path.ts';

/** Keys of all kinds, with what leads elsewhere more often than chance would have it. */
const piece = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '',
    '/',
    '\\',
    'C:',
    'c:',
    '..\\..',
    '\0',
    'con',
    'NUL.txt',
    'a. ',
    '~',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const key = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('/'));
const anyKey = fc.oneof(key, fc.string({ unit: 'binary', maxLength: 300 }));

describe('no key leads out of the folder', () => {
  test.each([
    ['linux', posix, '/home/me/out'],
    ['win32', win32, 'C:\\Users\\me\\out'],
  ] as const)('on %s', (platform, path, root) => {
    fc.assert(
      fc.property(anyKey, (relative) => {
        if (whyNoPath(relative, platform) !== undefined) return;
        const place = path.resolve(root, relative);
        expect(place.startsWith(root + path.sep)).toBe(true);
        // and it is the very file that the key names
        expect(path.relative(root, place).split(path.sep).join('/')).toBe(relative);
      }),
      { numRuns: 5000 },
    );
  });

  test('and what is a plain path is taken', () => {
    const name = fc.stringMatching(/^[\w\- ()äöü]{1,20}[a-z]$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), (names) => {
        expect(whyNoPath(names.join('/'), 'linux')).toBeUndefined();
      }),
    );
  });
});

describe('what Windows cannot have', () => {
  test.each([
    'a\\b',
    'C:/x',
    'a:b',
    'what?',
    'a*',
    '"',
    'a|b',
    'con',
    'Aux.txt',
    'x/lpt1',
    'com¹',
    'a.',
    'a ',
  ])('%s', (relative) => {
    expect(whyNoPath(relative, 'win32')).toBeDefined();
    expect(whyNoPath(relative, 'linux')).toBeUndefined();
  });

  test.each(['console', 'comma', 'com10', 'a.con', 'lpt'])('%s is fine', (relative) => {
    expect(whyNoPath(relative, 'win32')).toBeUndefined();
  });
});
