import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { format, inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { expectNoPart, thrown } from '../support/thrown.ts';

/** Keys and digests from ceph/s3-tests, `test_encryption_sse_c_*`. */
const VECTORS = [
  ['pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=', 'DWygnHRtgiJ77HCm+1rvHw=='],
  ['6b+WOZ1T3cqZMxgThRcXAQBrS5mXKdDUphvpxptl9/4=', 'arxBvwY2V4SiOne6yppVPQ=='],
] as const;

describe('the digest', () => {
  test.each(VECTORS)('%s has the MD5 %s', (base64, md5) => {
    const key = CustomerKey.fromBytes(Buffer.from(base64, 'base64'));
    expect(key.md5).toBe(md5);
    expect(key.fingerprint).toBe(md5);
    expect(key.requestFields()).toEqual({
      SSECustomerAlgorithm: 'AES256',
      SSECustomerKey: base64,
      SSECustomerKeyMD5: md5,
    });
  });

  test('a weak key shows no fingerprint, since its MD5 could be searched', () => {
    const key = CustomerKey.fromBytes(Buffer.from('a'.repeat(32)), { weak: true });
    expect(key.fingerprint).toBeUndefined();
    expect(key.requestFields().SSECustomerKeyMD5).toBe(key.md5);
  });
});

describe('a key cannot be printed', () => {
  const base64 = VECTORS[0][0];
  const key = CustomerKey.fromBytes(Buffer.from(base64, 'base64'));
  const bytes = key.toBytes();
  const forms = [
    base64,
    bytes.toString('hex'),
    bytes.toString('latin1'),
    [...bytes].join(','),
    [...bytes].join(', '),
    [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    key.md5,
  ];
  const everything = { showHidden: true, depth: Infinity, maxArrayLength: Infinity, getters: true };
  const console = (print: (to: Console) => void): string => {
    const stream = new PassThrough();
    print(new Console(stream, stream));
    return String(stream.read());
  };
  test.each([
    ['String()', () => String(key)],
    ['a template', () => `${key.toString()} ${[key].join()}`],
    ['toLocaleString', () => key.toLocaleString()],
    ['JSON.stringify', () => JSON.stringify(key)],
    ['JSON.stringify, nested', () => JSON.stringify({ options: [{ customerKey: key }] })],
    ['util.inspect', () => inspect(key)],
    ['util.inspect, nested and deep', () => inspect({ a: { b: { c: { d: [key] } } } }, everything)],
    ['util.inspect in a Map and an Error', () => inspect(new Map([['k', new Error('e', { cause: key })]]))],
    ['util.format', () => format('%s %j %o %O %d', key, key, key, key, key)],
    ['console.log', () => console((to) => to.log(key, { key }))],
    ['console.table', () => console((to) => to.table([{ key }]))],
  ])('%s', (_name, print) => {
    const text = print();
    expect(text).toContain('[CustomerKey]');
    for (const form of forms) expectNoPart(text, form);
  });

  test('its own properties hold no secret, and a clone is no key', () => {
    expect(Object.values(key)).toEqual([false]);
    expect(Object.assign({}, key)).toEqual({ weak: false });
    // console.dir leaves our own method out: the private field must hold by itself
    const text =
      inspect(key, { ...everything, customInspect: false }) + console((to) => to.dir({ key }, everything));
    for (const form of forms.slice(0, -1)) expectNoPart(text, form);
  });
});

describe('making a key', () => {
  test('generate gives another key each time', () => {
    const [one, two] = [CustomerKey.generate(), CustomerKey.generate()];
    expect(one.toBytes()).toHaveLength(32);
    expect(one.equals(two)).toBe(false);
    expect(one.equals(CustomerKey.fromBytes(one.toBytes()))).toBe(true);
    expect(one.weak).toBe(false);
  });

  test('the bytes are copied in and out', () => {
    const bytes = Buffer.alloc(32, 1);
    const key = CustomerKey.fromBytes(bytes);
    const before = key.toBase64();
    bytes.fill(2);
    key.toBytes().fill(3);
    expect(key.toBase64()).toBe(before);
  });

  test.each([0, 1, 16, 31, 33, 44, 64])('%i bytes are no key', (length) => {
    const error = thrown(() => CustomerKey.fromBytes(Buffer.alloc(length)));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toContain(`${length} bytes`);
  });
});
