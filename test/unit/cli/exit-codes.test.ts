import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { interruption } from '../../../src/cli/io.ts';
import { type ErrorCode, SsecError } from '../../../src/errors.ts';

/** Numbers and names never change their meaning: a row here may be added, never edited. */
const CODES: Readonly<Record<ErrorCode, number>> = {
  INTERNAL: 1,
  USAGE: 2,
  SETTING_INVALID: 2,
  INSECURE_ENDPOINT: 2,
  ENDPOINT_UNTRUSTED: 2,
  TLS_UNTRUSTED: 2,
  WRONG_REGION: 2,
  NOT_SUPPORTED: 2,
  PARTIAL: 3,
  CREDENTIALS_MISSING: 4,
  CREDENTIALS_INVALID: 4,
  CREDENTIALS_EXPIRED: 4,
  ACCESS_DENIED: 4,
  SSEC_BLOCKED: 4,
  CLOCK_SKEW: 4,
  SERVICE_REFUSED: 4,
  OBJECT_NOT_FOUND: 5,
  BUCKET_NOT_FOUND: 5,
  FILE_NOT_FOUND: 5,
  OBJECT_ARCHIVED: 5,
  KEY_MISSING: 6,
  KEY_MALFORMED: 6,
  KEY_MD5_MISMATCH: 6,
  KEY_MISMATCH: 6,
  KEY_NOT_NEEDED: 6,
  KEY_IGNORED: 6,
  KEY_COMMAND_FAILED: 6,
  KEY_NOT_FOUND: 6,
  KEY_RETIRED: 6,
  CHECKSUM_MISMATCH: 7,
  OBJECT_CHANGED: 7,
  FILE_CHANGED: 7,
  SIZE_MISMATCH: 7,
  TARGET_EXISTS: 8,
  PRECONDITION_FAILED: 8,
  NETWORK: 9,
  TIMEOUT: 9,
  THROTTLED: 9,
  SERVICE_UNAVAILABLE: 9,
  DISK_FULL: 10,
  FILE_UNREADABLE: 10,
  FILE_UNWRITABLE: 10,
  CANCELLED: 130,
};

describe('every error has its number', () => {
  test.each(Object.entries(CODES))('%s ends with %i', (code, exit) => {
    expect(exitCodeOf(new SsecError(code as ErrorCode, 'x'))).toBe(exit);
  });

  test('and there is no error without one', () => {
    const source = readFileSync(new URL('../../../src/errors.ts', import.meta.url), 'utf8');
    const union = /export type ErrorCode =([^;]*);/.exec(source)?.[1] ?? '';
    const declared = [...union.matchAll(/'([A-Z0-9_]+)'/g)].map((match) => match[1]);
    expect(new Set(declared)).toEqual(new Set(Object.keys(CODES)));
  });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['EPIPE', 141],
] as const)('cut short by %s: %i', (by, exit) => {
  expect(exitCodeOf(interruption(by))).toBe(exit);
});
