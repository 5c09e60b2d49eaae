import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { displayWidth, formatProgressLine, formatSummary } from '../../src/cli/output/progress-line.ts';
import { escapeControls } from '../../src/cli/output/redactor.ts';
import type { TransferStatus } from '../../src/cli/output/transfer-meter.ts';

const size = fc.oneof(fc.nat(2000), fc.nat(2 ** 31 - 1), fc.maxSafeNat());

const status: fc.Arbitrary<TransferStatus> = fc.record({
  bytes: size,
  totalBytes: fc.option(size, { nil: undefined }),
  resumedBytes: size,
  files: fc.nat(1_000_000),
  totalFiles: fc.oneof(fc.constant(1), fc.nat(1_000_000)),
  retries: fc.oneof(fc.constant(0), fc.nat(10_000)),
  elapsedMs: fc.double({ min: 0, max: 1e10, noNaN: true }),
  bytesPerSecond: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e12, noNaN: true })),
  averageBytesPerSecond: fc.double({ min: 0, max: 1e12, noNaN: true }),
  secondsLeft: fc.option(fc.double({ min: 0, max: 1e12, noNaN: true }), { nil: undefined }),
});

const label = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 100 }),
    fc.string({ unit: fc.constantFrom('日', '本', 'e\u0301', '👨‍👩‍👧', 'ー', 'x', ' '), maxLength: 60 }),
  )
  .map(escapeControls);

describe('the progress line', () => {
  test('is never wider than the terminal less one column, whatever it says', () => {
    fc.assert(
      fc.property(label, status, fc.integer({ min: 0, max: 250 }), (name, now, columns) => {
        const line = formatProgressLine(name, now, columns);
        expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(0, columns - 1));
        expect(line).toBe(escapeControls(line));
      }),
      { numRuns: 2000 },
    );
  });

  test('says something wherever there is room for a word', () => {
    fc.assert(
      fc.property(label, status, fc.integer({ min: 10, max: 250 }), (name, now, columns) => {
        expect(formatProgressLine(name, now, columns)).toMatch(
          now.totalBytes === undefined ? /\d .?i?B/ : /\d+%/,
        );
      }),
    );
  });

  test('names the whole file where it has room', () => {
    fc.assert(
      fc.property(label, status, (name, now) => {
        expect(formatProgressLine(name, now, 400).startsWith(name)).toBe(true);
      }),
    );
  });

  test('the summary is one line', () => {
    fc.assert(
      fc.property(status, (now) => {
        expect(formatSummary(now)).toMatch(
          /^[ -~]+ in [\d.]+ (s|min|h)[ -~]* \([\d.]+(?: .?i?B)?\/s\)[ -~]*$/,
        );
      }),
    );
  });
});

const now: TransferStatus = {
  bytes: 512 * 1024 ** 2,
  totalBytes: 1024 ** 3,
  resumedBytes: 0,
  files: 0,
  totalFiles: 1,
  retries: 2,
  elapsedMs: 4000,
  bytesPerSecond: 126 * 1024 ** 2,
  averageBytesPerSecond: 126 * 1024 ** 2,
  secondsLeft: 4.06,
};

test.each<[number, string, string]>([
  [
    120,
    'sample.jpg',
    'sample.jpg  [==============>             ]   50%   512 MiB of 1 GiB   126 MiB/s   0:05 left  2 retries',
  ],
  [80, 'sample.jpg', 'sam...jpg  [===>  ]   50%   512 MiB of 1 GiB   126 MiB/s   0:05 left  2 retries'],
  [60, 'sample.jpg', 'sample.jpg  50%  512 MiB of 1 GiB  126 MiB/s  0:05 left'],
  [40, 'sample.jpg', 'sample.jpg  50%  126 MiB/s  0:05 left'],
  [40, '日本語の写真です.jpg', '日本....jpg  50%  126 MiB/s  0:05 left'],
  [30, 'sample.jpg', 'sample.jpg  50%  0:05 left'],
  [20, 'sample.jpg', 'sample.jpg  50%'],
  [10, 'sample.jpg', '50%'],
  [3, 'sample.jpg', '50'],
  [0, 'sample.jpg', ''],
])('at %i columns', (columns, name, line) => {
  expect(formatProgressLine(name, now, columns)).toBe(line);
});

test.each<[Partial<TransferStatus>, string]>([
  [{ secondsLeft: 3723 }, '1:02:03 left'],
  [{ secondsLeft: 3 * 86_400 + 4 * 3600 }, '3d 04h left'],
  [{ secondsLeft: 1e9 }, '>99d left'],
  [{ bytes: 2 * 1024 ** 3 }, '100%'],
  [{ bytes: 0, totalBytes: 0 }, '100%'],
  [{ files: 3, totalFiles: 12 }, '3/12 files'],
])('%o', (change, part) => {
  expect(formatProgressLine('a', { ...now, ...change }, 120)).toContain(part);
});

test.each<[Partial<TransferStatus>, string]>([
  [{ elapsedMs: 8123 }, '512 MiB in 8.1 s (126 MiB/s), 2 retries'],
  [{ elapsedMs: 59_970, retries: 1 }, '512 MiB in 1 min 0 s (126 MiB/s), 1 retry'],
  [{ elapsedMs: 125_000, retries: 0 }, '512 MiB in 2 min 5 s (126 MiB/s)'],
  [{ elapsedMs: 3_780_000, retries: 0 }, '512 MiB in 1 h 3 min (126 MiB/s)'],
  [{ resumedBytes: 12 * 1024 ** 2, retries: 0 }, '500 MiB in 4.0 s (126 MiB/s), 12 MiB were there before'],
  [{ bytes: 0, files: 401, totalFiles: 401, retries: 1 }, '401 in 4.0 s (100/s), 1 retry'],
  [{ bytes: 0, files: 1, totalFiles: 1, retries: 0, averageBytesPerSecond: 0 }, '0 B in 4.0 s (0 B/s)'],
])('the summary of %o', (change, line) => {
  expect(formatSummary({ ...now, ...change })).toBe(line);
});
