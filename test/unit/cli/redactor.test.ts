import { describe, expect, test } from 'vitest';
import { Redactor, escapeControls } from '../../../src/cli/output/redactor.ts';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { expectNoPart } from '../support/thrown.ts';

/** Rich in the characters that an encoding changes. */
const awkward = Buffer.from('+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=', 'base64');
const keys: readonly (readonly [string, CustomerKey])[] = [
  [
    'a random key',
    CustomerKey.fromBytes(Buffer.from('pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=', 'base64')),
  ],
  ['a key of + and /', CustomerKey.fromBytes(awkward)],
  ['a text key', CustomerKey.fromBytes(Buffer.from('correct horse battery staple 123'), { weak: true })],
];

/** Each form that a server, a log or another tool may give a key. */
function formsOf(key: CustomerKey): Record<string, string> {
  const bytes = key.toBytes();
  const base64 = key.toBase64();
  return {
    base64,
    'base64 without padding': base64.replace(/=+$/, ''),
    'URL-safe base64': bytes.toString('base64url'),
    'URL-encoded base64': encodeURIComponent(base64),
    'URL-encoded base64, small hex digits': encodeURIComponent(base64).replace(/%../g, (code) =>
      code.toLowerCase(),
    ),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
    'raw, as Latin-1': bytes.toString('latin1'),
    'raw, as UTF-8': bytes.toString('utf8'),
    'base64 twice': Buffer.from(base64).toString('base64'),
  };
}

describe.each(keys)('%s', (_name, key) => {
  const redactor = new Redactor();
  redactor.protectKey(key);

  test.each(Object.entries(formsOf(key)))('as %s', (_form, secret) => {
    for (const [before, after] of [
      ['', ''],
      ['The key ', ' is wrong'],
      ['AAAA', 'AAAA'],
      [secret, secret],
    ] as const) {
      const text = redactor.clean(`${before}${secret}${after}`);
      expectNoPart(text, escapeControls(secret), 12);
      expect(text).toContain('[secret]');
    }
  });

  test.each(Object.entries(formsOf(key)))('8 characters out of the middle, as %s', (_form, secret) => {
    for (let at = 0; at + 8 <= secret.length; at++) {
      expect(redactor.clean(`<${secret.slice(at, at + 8)}>`)).toBe('<[secret]>');
    }
  });
});

describe('what is not struck out', () => {
  const redactor = new Redactor();
  const key = keys[0]?.[1];
  if (key !== undefined) redactor.protectKey(key);

  test.each([
    'The certificate of https://s3.example.com is not trusted: it is self-signed.',
    'HTTP 403 AccessDenied: Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.',
    'pO3upEl is seven characters',
    'DWygnHRtgiJ77HCm+1rvHw== is the fingerprint, which S3 shows to everybody',
    'Grüße, 日本, 🔑',
    '',
    'x',
  ])('%s', (text) => {
    expect(redactor.clean(text)).toBe(text);
  });

  test('nothing at all where nothing is protected', () => {
    expect(new Redactor().clean('pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=')).toContain('pO3upEl');
  });
});

describe('credentials', () => {
  test('a secret access key and a session token, URL-encoded too', () => {
    const redactor = new Redactor();
    const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
    redactor.protectText(secret);
    expect(redactor.clean(`a ${secret} b`)).toBe('a [secret] b');
    expect(redactor.clean(`a=${encodeURIComponent(secret)}&b`)).toBe('a=[secret]&b');
  });
});

describe('what could steer a terminal', () => {
  test.each([
    ['escape sequences', '\u001b[2J\u001b]0;title\u0007', '\\u{1b}[2J\\u{1b}]0;title\\u{7}'],
    ['line breaks', 'a\r\nssec: all is well', 'a\\u{d}\\u{a}ssec: all is well'],
    ['tab and NUL', 'a\tb\0c', 'a\\u{9}b\\u{0}c'],
    ['DEL and C1', '\u007f\u009b31m', '\\u{7f}\\u{9b}31m'],
    ['what turns the direction', '\u202egpj.exe\u2066', '\\u{202e}gpj.exe\\u{2066}'],
    ['ordinary text', 'Grüße 🔑', 'Grüße 🔑'],
  ])('%s', (_name, text, shown) => {
    expect(new Redactor().clean(text)).toBe(shown);
  });
});

test('a secret that is shorter than the shortest part is struck whole', () => {
  const redactor = new Redactor();
  redactor.protectText('minioadmin');
  expect(redactor.clean('minioadmin and minioadmi')).toBe('[secret] and minioadmi');
});
