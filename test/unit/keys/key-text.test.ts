import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import {
  MAX_KEY_FILE_BYTES,
  checkKeyMd5,
  parseKeyContent,
  parseKeyText,
} from '../../../src/keys/key-text.ts';
import { allText, expectNoPart, thrown } from '../support/thrown.ts';

const base64 = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
const key = CustomerKey.fromBytes(Buffer.from(base64, 'base64'));
const hex = key.toBytes().toString('hex');
const printable = 'correct horse battery staple 123';

describe('every form of a key file', () => {
  const rawWithLineEnds = Buffer.concat([Buffer.from('\r\n'), Buffer.alloc(28, 0x80), Buffer.from('\r\n')]);
  test.each<[string, Uint8Array | string, Buffer]>([
    ['32 raw bytes', key.toBytes(), key.toBytes()],
    ['32 raw bytes that end in line ends are not trimmed', rawWithLineEnds, rawWithLineEnds],
    ['32 NUL bytes', Buffer.alloc(32), Buffer.alloc(32)],
    ['a view into a larger buffer', new Uint8Array([9, ...key.toBytes(), 9]).subarray(1, 33), key.toBytes()],
    ['base64', base64, key.toBytes()],
    ['base64 and a line end', `${base64}\n`, key.toBytes()],
    ['base64 and CRLF', `${base64}\r\n`, key.toBytes()],
    ['base64 between blank lines', `\n\r\n${base64}\n\n`, key.toBytes()],
    ['base64 without padding', base64.slice(0, -1), key.toBytes()],
    ['base64 behind a byte order mark', `\uFEFF${base64}\n`, key.toBytes()],
    ['64 hex digits', hex, key.toBytes()],
    ['64 hex digits in capitals, CRLF', `${hex.toUpperCase()}\r\n`, key.toBytes()],
  ])('%s', (_name, content, bytes) => {
    const read = parseKeyContent(Buffer.from(content), 'key file "k"');
    expect(read.toBytes()).toEqual(bytes);
    expect(read.weak).toBe(false);
  });

  test('a Uint8Array with an offset is read from its own start', () => {
    const backing = new Uint8Array(40).fill(7);
    backing.set(key.toBytes(), 5);
    expect(parseKeyContent(backing.subarray(5, 37), 'key file "k"').equals(key)).toBe(true);
  });
});

describe('--key-format text', () => {
  test.each([
    ['32 printable characters', printable],
    ['and a line end', `${printable}\n`],
    ['and CRLF', `${printable}\r\n`],
  ])('%s: read, and weak', (_name, content) => {
    const read = parseKeyContent(Buffer.from(content), 'key file "k"', 'text');
    expect(read.toBytes().toString()).toBe(printable);
    expect(read.weak).toBe(true);
  });

  test.each([
    ['31 characters', printable.slice(1)],
    ['33 characters', `${printable}4`],
    ['32 raw bytes', key.toBytes().toString('latin1')],
    ['base64', base64],
    ['a tab', `\t${printable.slice(1)}`],
  ])('%s: refused', (_name, content) => {
    const error = thrown(() => parseKeyContent(Buffer.from(content, 'latin1'), 'key file "k"', 'text'));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toContain('is not a text key');
    expectNoPart(allText(error), content);
  });
});

describe('every named mistake of a key', () => {
  const b64 = (bytes: string | Buffer): string => Buffer.from(bytes).toString('base64');
  const urlSafe = key.toBytes().toString('base64url');
  test.each<[string, string, RegExp]>([
    ['empty', '', /is empty/],
    ['only line ends', '\r\n\n', /is empty/],
    ['too large', 'A'.repeat(MAX_KEY_FILE_BYTES + 1), /too large for a key: over 4096 bytes/],
    ['32 printable characters', printable, /32 printable characters/],
    ['32 printable characters and a line end', `${printable}\n`, /32 printable characters/],
    ['32 hex digits', hex.slice(0, 32), /32 printable characters/],
    ['placeholder', 'XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX=', /still the placeholder/],
    ['URL-safe base64', urlSafe, /URL-safe base64/],
    ['neither base64 nor hex', 'not a key at all, but a sentence!', /neither base64 nor 64 hex digits/],
    ['blanks around base64', ` ${base64}`, /has blanks or line ends inside/],
    ['base64 in two lines', `${base64.slice(0, 20)}\n${base64.slice(20)}`, /has blanks or line ends inside/],
    ['the whole .env line', `SSE_CUSTOMER_KEY_BASE64=${base64}`, /is a line of an env file/],
    ['bits behind the last byte', `${base64.slice(0, -2)}t=`, /not well-formed base64/],
    ['base64 of 31 bytes', b64(Buffer.alloc(31, 0xa5)), /decodes to 31 bytes/],
    ['base64 of 33 bytes', b64(Buffer.alloc(33, 0xa5)), /decodes to 33 bytes/],
    ['base64 of 16 bytes', b64(Buffer.alloc(16, 0xa5)), /decodes to 16 bytes/],
    ['base64 twice', b64(base64), /base64 twice: it decodes to 44 bytes/],
    ['base64 twice, with the line end inside', b64(`${base64}\n`), /base64 twice: it decodes to 45 bytes/],
    ['63 hex digits', hex.slice(1), /is 63 hex digits/],
    ['66 hex digits', `${hex}ab`, /is 66 hex digits/],
    [
      '33 raw bytes',
      Buffer.alloc(33, 0x80).toString('latin1'),
      /holds 33 raw bytes; a customer key has exactly 32/,
    ],
    ['URL-safe base64 of 31 bytes', urlSafe.slice(2), /neither base64 nor 64 hex digits/],
  ])('%s', (_name, content, sentence) => {
    const error = thrown(() => parseKeyContent(Buffer.from(content, 'latin1'), 'key file "k"'));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain('key file "k"');
    expectNoPart(allText(error), content.replace(/^X+=$/, '').replace('SSE_CUSTOMER_KEY_BASE64', ''));
  });

  test.each([
    ['XXXX', true],
    ['XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX==', true],
    ['XXX', false],
    ['xxxxxxxx', false],
  ])('%s as a placeholder: %s', (text, holds) => {
    expect(/placeholder/.test(thrown(() => parseKeyText(text, 'key')).message)).toBe(holds);
  });
});

describe('the digest beside the key', () => {
  const digest = (data: string | Buffer, form: 'hex' | 'base64'): string =>
    createHash('md5').update(data).digest(form);
  const bytes = key.toBytes();

  test('the right one passes', () => {
    expect(() => checkKeyMd5(key, 'DWygnHRtgiJ77HCm+1rvHw==', 'MD5')).not.toThrow();
  });

  test.each<[string, string, RegExp]>([
    ['of the base64 text', digest(base64, 'base64'), /is the MD5 of the base64 text; S3 wants/],
    ['of the base64 text and a newline', digest(`${base64}\n`, 'base64'), /base64 text with a line end/],
    ['in hex', digest(bytes, 'hex'), /is written in hex/],
    ['in hex, capitals', digest(bytes, 'hex').toUpperCase(), /is written in hex/],
    ['of the base64 text, in hex', digest(base64, 'hex'), /MD5 of the base64 text, in hex/],
    [
      'of the base64 text and a newline, in hex',
      digest(`${base64}\n`, 'hex'),
      /MD5 of the base64 text, in hex/,
    ],
    ['hex, then base64', Buffer.from(digest(bytes, 'hex')).toString('base64'), /base64 of a hex digest/],
    [
      'hex of the text, then base64',
      Buffer.from(digest(base64, 'hex')).toString('base64'),
      /base64 of a hex digest/,
    ],
    [
      'all that md5sum prints, then base64',
      Buffer.from(`${digest(bytes, 'hex')}  -\n`).toString('base64'),
      /base64 of a hex digest/,
    ],
    ['without padding', key.md5.replace(/=+$/, ''), /has lost its padding/],
    ['with half its padding', key.md5.replace(/=$/, ''), /has lost its padding/],
    ['placeholder', 'XXXXXXXXXXXXXXXXXXXXXX==', /still the placeholder/],
    ['of another key', CustomerKey.generate().md5, /does not belong to the key/],
    ['empty', '', /does not belong to the key/],
  ])('%s', (_name, given, sentence) => {
    const error = thrown(() => checkKeyMd5(key, given, 'SSE_CUSTOMER_KEY_MD5 in .env'));
    expect(error.code).toBe('KEY_MD5_MISMATCH');
    expect(error.message).toMatch(sentence);
    expect(error.message).toContain('SSE_CUSTOMER_KEY_MD5 in .env');
    expect(error.hints).not.toEqual([]);
    expectNoPart(allText(error), base64);
    expectNoPart(allText(error), hex);
  });
});
