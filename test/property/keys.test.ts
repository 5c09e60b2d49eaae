import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeControls, Redactor } from '../../src/cli/output/redactor.ts';
import { SsecError } from '../../src/errors.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { parseKeyContent, parseKeyText } from '../../src/keys/key-text.ts';
import { formatObjectAddress, parseObjectAddress } from '../../src/object-address.ts';
import { parseEnvText } from '../../src/settings/env-file.ts';
import { insertKey } from '../../src/settings/env-file-key.ts';

const keyBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const lineEnds = fc.constantFrom('', '\n', '\r\n', '\n\n');

const isPrintable = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);

/** The key that is read, or the code of the refusal. */
function read(content: Uint8Array | string): CustomerKey | string {
  try {
    return parseKeyContent(typeof content === 'string' ? Buffer.from(content, 'latin1') : content, 'key');
  } catch (error) {
    if (error instanceof SsecError) return error.code;
    throw error;
  }
}

describe('the grammar of a key', () => {
  test('any 32 bytes survive every written form', () => {
    fc.assert(
      fc.property(keyBytes, lineEnds, lineEnds, (bytes, before, after) => {
        const key = CustomerKey.fromBytes(bytes);
        const base64 = key.toBase64();
        const hex = Buffer.from(bytes).toString('hex');
        for (const form of [base64, base64.slice(0, -1), hex, hex.toUpperCase()]) {
          const again = read(before + form + after);
          expect(again instanceof CustomerKey && again.equals(key)).toBe(true);
        }
        if (!isPrintable(bytes)) expect((read(bytes) as CustomerKey).equals(key)).toBe(true);
      }),
    );
  });

  test('whatever else is read as a key is one of those forms', () => {
    const near = fc.oneof(
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      fc.uint8Array({ maxLength: 66 }).map((bytes) => Buffer.from(Buffer.from(bytes).toString('base64'))),
      fc.uint8Array({ maxLength: 66 }).map((bytes) => Buffer.from(Buffer.from(bytes).toString('hex'))),
      fc.tuple(keyBytes, fc.nat(43), fc.integer({ min: 0, max: 255 })).map(([bytes, at, byte]) => {
        const text = Buffer.from(Buffer.from(bytes).toString('base64'));
        text[at] = byte;
        return text;
      }),
      fc.string({ minLength: 30, maxLength: 70 }).map((text) => Buffer.from(text, 'latin1')),
    );
    fc.assert(
      fc.property(near, (content) => {
        const found = read(content);
        if (typeof found === 'string') {
          expect(found).toBe('KEY_MALFORMED');
          return;
        }
        const text = content
          .toString('latin1')
          .replace(/^\xef\xbb\xbf/, '')
          .replace(/^[\r\n]+|[\r\n]+$/g, '');
        const raw = content.length === 32 && content.equals(found.toBytes()) && !isPrintable(content);
        const base64 = [found.toBase64(), found.toBase64().slice(0, -1)].includes(text);
        const hex = text.toLowerCase() === found.toBytes().toString('hex');
        expect(raw || base64 || hex).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('base64 of any other length is refused, and no error repeats it', () => {
    const lengths = fc.integer({ min: 0, max: 64 }).filter((length) => length !== 32);
    const other = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    fc.assert(
      fc.property(other, (bytes) => {
        const text = Buffer.from(bytes).toString('base64');
        // 48 bytes of base64 may be 64 hex digits
        fc.pre(!/^[0-9a-f]{64}$/i.test(text));
        try {
          parseKeyText(text, 'key');
          expect.fail('it was read');
        } catch (error) {
          if (!(error instanceof SsecError)) throw error;
          expect(error.code).toBe('KEY_MALFORMED');
          if (text.length >= 8) expect(error.message + error.hints.join()).not.toContain(text.slice(0, 8));
        }
      }),
    );
  });
});

describe('addresses', () => {
  const bucket = fc.string({ minLength: 1, maxLength: 63 }).filter((name) => !name.includes('/'));

  test('any bucket and key come back from their address', () => {
    fc.assert(
      fc.property(bucket, fc.string({ unit: 'binary', maxLength: 200 }), (name, key) => {
        expect(parseObjectAddress(formatObjectAddress({ bucket: name, key }))).toEqual({ bucket: name, key });
      }),
    );
  });

  test('what is read is written again as it was, but for the slash of a bare bucket', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (rest) => {
        const text = `s3://${rest}`;
        fc.pre(!rest.startsWith('/') && rest !== '');
        const address = parseObjectAddress(text);
        if (address === undefined) throw new Error('not read');
        expect(formatObjectAddress(address)).toBe(rest.includes('/') ? text : `${text}/`);
      }),
    );
  });
});

describe('a key in the text of an env file', () => {
  const name = fc.constantFrom('A', 'BUCKET_NAME', 'KEY', 'PROFILE', 'SSE_CUSTOMER_KEY', 'export_me');
  const plain = fc.stringMatching(/^[a-zA-Z0-9/+=_. -]{0,20}$/);
  const value = fc.oneof(
    plain,
    plain.map((text) => `"${text}"`),
    plain.map((text) => `'${text}'`),
    fc.tuple(plain, plain).map(([one, two]) => `"${one}\nSSE_CUSTOMER_KEY_BASE64=\n${two}"`),
  );
  const assignment = fc
    .tuple(fc.constantFrom('', 'export ', '  '), name, fc.constantFrom('=', ' = ', ': '), value)
    .map((parts) => parts.join(''));
  const empty = fc
    .tuple(
      fc.constantFrom('', 'export '),
      fc.constantFrom('SSE_CUSTOMER_KEY_BASE64', 'SSE_CUSTOMER_KEY_MD5'),
      fc.constantFrom('=', '=""', "=''", '=XXXXXXXX', '="XXXXXXXXXXXXXXXX=="', ' = '),
    )
    .map((parts) => parts.join(''));
  const line = fc.oneof(
    { weight: 4, arbitrary: assignment },
    { weight: 2, arbitrary: empty },
    { weight: 1, arbitrary: plain.map((text) => `# ${text}`) },
    { weight: 1, arbitrary: fc.constant('') },
  );
  const text = fc
    .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 8 }), fc.boolean())
    .map(([lines, ends]) => {
      const whole = lines.map((parts) => parts.join('')).join('');
      return ends ? whole : whole.replace(/\r?\n$/, '');
    });

  test('gives that key afterwards, and every other variable as before', () => {
    fc.assert(
      fc.property(text, keyBytes, (before, bytes) => {
        const key = CustomerKey.fromBytes(bytes);
        const after = insertKey(before, '.env', key);
        expect(parseEnvText(after)).toEqual({
          ...parseEnvText(before),
          SSE_CUSTOMER_KEY_BASE64: key.toBase64(),
          SSE_CUSTOMER_KEY_MD5: key.md5,
        });
        const others = (all: string): string[] =>
          all.split(/(?<=\n)/).filter((each) => each.trim() !== '' && !each.includes('SSE_CUSTOMER_KEY_'));
        const kept = others(after);
        // the last line may have got the line end that it lacked
        others(before).forEach((each, index) => expect(kept[index]?.trimEnd()).toBe(each.trimEnd()));
        // and a second key is refused
        expect(() => insertKey(after, '.env', CustomerKey.generate())).toThrow(
          expect.objectContaining({ code: 'TARGET_EXISTS' }),
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('the redactor', () => {
  const forms: readonly ((bytes: Buffer) => string)[] = [
    (bytes) => bytes.toString('base64'),
    (bytes) => bytes.toString('base64url'),
    (bytes) => encodeURIComponent(bytes.toString('base64')),
    (bytes) => encodeURIComponent(bytes.toString('base64')).replace(/%../g, (code) => code.toLowerCase()),
    (bytes) => bytes.toString('hex'),
    (bytes) => bytes.toString('hex').toUpperCase(),
    (bytes) => bytes.toString('latin1'),
    (bytes) => bytes.toString('utf8'),
    (bytes) => Buffer.from(bytes.toString('base64')).toString('base64'),
  ];
  const surroundings = fc.string({ unit: 'binary', maxLength: 40 });

  test('no 12 characters of any form stay, wherever the key stands and however often', () => {
    fc.assert(
      fc.property(
        keyBytes,
        fc.array(fc.tuple(surroundings, fc.constantFrom(...forms)), { minLength: 1, maxLength: 3 }),
        surroundings,
        (bytes, parts, end) => {
          const raw = Buffer.from(bytes);
          const redactor = new Redactor();
          redactor.protectKey(CustomerKey.fromBytes(raw));
          const shown = redactor.clean(parts.map(([before, form]) => before + form(raw)).join('') + end);
          for (const form of forms) {
            const secret = form(raw);
            for (let at = 0; at + 12 <= secret.length; at++) {
              // controls are escaped: a raw part may show as that
              const part = secret.slice(at, at + 12);
              if (shown.includes(part) || shown.includes(escapeControls(part))) {
                expect.fail(`${JSON.stringify(part)} shows in ${JSON.stringify(shown)}`);
              }
            }
          }
          expect(escapeControls(shown)).toBe(shown);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('text without a secret changes by its controls alone', () => {
    fc.assert(
      fc.property(keyBytes, fc.stringMatching(/^[a-z ,.:]{0,80}$/), (bytes, text) => {
        const redactor = new Redactor();
        fc.pre(!isPrintable(bytes));
        redactor.protectKey(CustomerKey.fromBytes(bytes));
        expect(redactor.clean(text)).toBe(text);
      }),
    );
  });
});
