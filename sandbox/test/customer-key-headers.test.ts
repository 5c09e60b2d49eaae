import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';

const running = runningSandbox({ http: true });

const key = Buffer.from('pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=', 'base64');
const goodMd5 = 'DWygnHRtgiJ77HCm+1rvHw==';
const must = 'Requests specifying Server Side Encryption with Customer provided keys must';
const short = randomBytes(31);

const names = {
  alg: 'x-amz-server-side-encryption-customer-algorithm',
  key: 'x-amz-server-side-encryption-customer-key',
  md5: 'x-amz-server-side-encryption-customer-key-md5',
  sse: 'x-amz-server-side-encryption',
} as const;

type Given = Partial<Record<keyof typeof names, string>>;

function headersOf(given: Given): Record<string, string> {
  const headers: Record<string, string> = {};
  if (given.alg !== undefined) headers[names.alg] = given.alg;
  if (given.key !== undefined) headers[names.key] = given.key;
  if (given.md5 !== undefined) headers[names.md5] = given.md5;
  if (given.sse !== undefined) headers[names.sse] = given.sse;
  return headers;
}

const md5Of = (bytes: Buffer) => createHash('md5').update(bytes).digest('base64');
const good: Given = { alg: 'AES256', key: key.toString('base64'), md5: goodMd5 };

interface Row {
  readonly name: string;
  readonly given: Given;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly argument?: string;
  /** Rows that differ between writes and reads. */
  readonly on?: 'PUT' | 'GET';
  readonly http?: boolean;
}

const algorithmMissing = {
  status: 400,
  code: 'InvalidArgument',
  message: `${must} provide a valid encryption algorithm.`,
};
const keyMissing = {
  status: 400,
  code: 'InvalidArgument',
  message: `${must} provide an appropriate secret key.`,
};
const tooShort = { status: 400, code: 'InvalidArgument', message: 'The secret key was invalid - too short.' };
const md5Mismatch = {
  status: 400,
  code: 'InvalidArgument',
  message: 'The calculated MD5 hash of the key did not match the hash that was provided.',
};
const badAlgorithm = {
  status: 400,
  code: 'InvalidEncryptionAlgorithmError',
  message: 'The Encryption request you specified is not valid. Supported value: AES256.',
};
const insecure = {
  status: 400,
  code: 'InvalidArgument',
  message: `${must} be made over a secure connection.`,
};
const wrongKey = { status: 403, code: 'AccessDenied', message: `${must} provide the correct secret key.` };
const badLength = {
  status: 400,
  code: 'InvalidArgument',
  message: 'The secret key was invalid for the specified algorithm.',
};
const emptyMd5 = md5Of(Buffer.alloc(0));

const rows: readonly Row[] = [
  { name: '1 over http', given: good, http: true, ...insecure },
  { name: '1 over http, junk', given: { alg: 'x', key: '', md5: '' }, http: true, ...insecure },
  { name: '2 algorithm absent', given: { key: 'x', md5: 'x' }, ...algorithmMissing },
  { name: '2 only an empty key', given: { key: '' }, ...algorithmMissing },
  { name: '2 only an MD5', given: { md5: goodMd5 }, ...algorithmMissing },
  { name: '3 key absent', given: { alg: 'AES256', md5: goodMd5 }, ...keyMissing },
  { name: '3 key absent, algorithm empty', given: { alg: '' }, ...keyMissing },
  {
    name: '4 MD5 absent',
    given: { alg: 'AES256', key: good.key ?? '' },
    on: 'PUT',
    status: 400,
    code: 'InvalidArgument',
    message: `${must} provide the client calculated MD5 of the secret key.`,
  },
  { name: '5 empty key', given: { alg: 'AES256', key: '', md5: emptyMd5 }, ...tooShort, argument: '' },
  { name: '5 key "a"', given: { alg: 'AES256', key: 'a', md5: emptyMd5 }, ...tooShort, argument: 'a' },
  { name: '5 key "ZZ"', given: { alg: 'AES256', key: 'ZZ', md5: emptyMd5 }, ...tooShort, argument: 'ZZ' },
  {
    name: '5 key "####"',
    given: { alg: 'AES256', key: '####', md5: goodMd5 },
    ...tooShort,
    argument: '####',
  },
  { name: '7 other MD5', given: { ...good, md5: md5Of(short) }, ...md5Mismatch },
  { name: '7 empty MD5', given: { ...good, md5: '' }, ...md5Mismatch },
  { name: '7 unpadded MD5', given: { ...good, md5: goodMd5.slice(0, 22) }, ...md5Mismatch },
  {
    name: '7 hex MD5',
    given: { ...good, md5: Buffer.from(goodMd5, 'base64').toString('hex') },
    ...md5Mismatch,
  },
  {
    name: '7 unpadded key loses its end',
    given: { ...good, key: (good.key ?? '').slice(0, 43) },
    ...md5Mismatch,
  },
  {
    name: '7 url-safe key',
    given: { ...good, key: (good.key ?? '').replaceAll('/', '_').replaceAll('+', '-') },
    ...md5Mismatch,
  },
  { name: '7 before 8', given: { ...good, alg: 'AES128', md5: 'x' }, ...md5Mismatch },
  { name: '8 other algorithm', given: { ...good, alg: 'aes256' }, ...badAlgorithm, argument: 'aes256' },
  { name: '8 empty algorithm', given: { ...good, alg: '' }, ...badAlgorithm, argument: '' },
  {
    name: '8 before 9',
    given: { alg: 'AES192', key: short.toString('base64'), md5: md5Of(short) },
    ...badAlgorithm,
    argument: 'AES192',
  },
  {
    name: '9 31 bytes',
    given: { ...good, key: short.toString('base64'), md5: md5Of(short) },
    on: 'PUT',
    ...badLength,
  },
  {
    name: '9 44 bytes: base64 twice',
    given: {
      ...good,
      key: Buffer.from(good.key ?? '').toString('base64'),
      md5: md5Of(Buffer.from(good.key ?? '')),
    },
    on: 'PUT',
    ...badLength,
  },
  {
    name: "9' 31 bytes on a read",
    given: { ...good, key: short.toString('base64'), md5: md5Of(short) },
    on: 'GET',
    ...wrongKey,
  },
  ...(['AES256', 'aws:kms'] as const).map((sse) => ({
    name: `10 with ${sse}`,
    given: { ...good, sse },
    on: 'PUT' as const,
    status: 400,
    code: 'InvalidArgument',
    message:
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    argument: sse,
  })),
  {
    name: '10 before 8',
    given: { ...good, alg: 'x', sse: 'AES256' },
    on: 'PUT',
    status: 400,
    code: 'InvalidArgument',
    message:
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    argument: 'AES256',
  },
];

beforeAll(async () => {
  const put = await send(running(), {
    method: 'PUT',
    path: `/${bucket}/sealed`,
    headers: sseC(key),
    body: 'x',
  });
  expect(put.status).toBe(200);
});

describe.each(['PUT', 'GET'] as const)('%s', (method) => {
  test.each(rows.filter((row) => (row.on ?? method) === method))('$name', async (row) => {
    const answer = await send(running(), {
      method,
      path: `/${bucket}/sealed`,
      headers: headersOf(row.given),
      http: row.http === true,
      ...(method === 'PUT' ? { body: 'must not be stored' } : {}),
    });
    expect({ status: answer.status, code: answer.xml('Code'), message: answer.xml('Message') }).toEqual({
      status: row.status,
      code: row.code,
      message: row.message,
    });
    if (row.status === 400) expect(answer.xml('ArgumentName')).toBe('x-amz-server-side-encryption');
    expect(answer.xml('ArgumentValue')).toBe(row.argument);
    expect(answer.headers[names.alg]).toBeUndefined();
    expect(answer.headers['x-amz-request-id']).toBe(answer.xml('RequestId'));
  });
});

test.each(rows.filter((row) => (row.on ?? 'GET') === 'GET'))('HEAD: the status alone: $name', async (row) => {
  const answer = await send(running(), {
    method: 'HEAD',
    path: `/${bucket}/sealed`,
    headers: headersOf(row.given),
    http: row.http === true,
  });
  expect(answer.status).toBe(row.status);
  expect(answer.text).toBe('');
  expect(answer.headers['content-type']).toBe('application/xml');
});

test("4' a read may leave the MD5 out, and is told it", async () => {
  const headers = headersOf({ alg: 'AES256', key: good.key ?? '' });
  const answer = await send(running(), { method: 'GET', path: `/${bucket}/sealed`, headers });
  expect([answer.status, answer.text, answer.headers[names.md5]]).toEqual([200, 'x', goodMd5]);
});

test('a key is read as leniently as by S3', async () => {
  const text = good.key ?? '';
  const headers = headersOf({ ...good, key: `${text.slice(0, 10)} !#${text.slice(10)}=` });
  const answer = await send(running(), { method: 'GET', path: `/${bucket}/sealed`, headers });
  expect(answer.status).toBe(200);
});

test('no other encryption can be named on a read', async () => {
  const headers = { [names.sse]: 'AES256' };
  const answer = await send(running(), { method: 'GET', path: `/${bucket}/sealed`, headers });
  expect([answer.status, answer.xml('Code')]).toEqual([400, 'InvalidArgument']);
});

test.each([
  ['storage class before SSE-C', { 'x-amz-storage-class': 'X' }, 'InvalidStorageClass'],
  ['Content-MD5 before SSE-C', { 'content-md5': 'x' }, 'InvalidDigest'],
])('%s', async (_, more, code) => {
  const headers = { ...headersOf({ key: 'x' }), ...more };
  const answer = await send(running(), { method: 'PUT', path: `/${bucket}/x`, headers, body: '' });
  expect([answer.status, answer.xml('Code')]).toEqual([400, code]);
});

test('bytes beyond ASCII in the key header break the signature', async () => {
  const headers = headersOf({ ...good, key: 'Ã¤' });
  const answer = await send(running(), { method: 'PUT', path: `/${bucket}/x`, headers, body: '' });
  expect([answer.status, answer.xml('Code')]).toEqual([403, 'SignatureDoesNotMatch']);
});
