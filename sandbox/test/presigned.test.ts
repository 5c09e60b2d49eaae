import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { presign, type ToPresign } from './support/presigned.ts';
import { type RawResponse, send, sendHeaders, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const key = sseC(randomBytes(32));
const path = `/${bucket}/presigned`;
const get: ToPresign = { method: 'GET', path };

/** What a client with nothing but the URL and these headers gets. */
function use(
  raw: ToPresign,
  headers: Readonly<Record<string, string>> = raw.headers ?? {},
  body?: string,
): Promise<RawResponse> {
  const request = { method: raw.method, path: presign(running(), raw) };
  return sendHeaders(running(), body === undefined ? request : { ...request, body }, headers);
}

const told = (answer: RawResponse) => [
  answer.status,
  answer.xml('Code'),
  answer.xml('Message')?.replaceAll('&quot;', '"'),
];
const malformed = (message: string) => [400, 'AuthorizationQueryParametersError', message];

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
test("AWS's example", async () => {
  const made = Date.UTC(2013, 4, 24);
  const host = 'examplebucket.s3.amazonaws.com';
  const options = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    clockSkewMs: made + 3_600_000 - Date.now(),
  };
  await withSandbox(options, async (sandbox) => {
    const example = presign(sandbox, {
      method: 'GET',
      path: '/test.txt',
      host,
      date: new Date(made),
      query: { 'X-Amz-Expires': '86400' },
    });
    expect(example).toContain(
      'X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
    // To the sandbox the host is none of its buckets'; but the signature holds.
    const answer = await sendHeaders(sandbox, { method: 'GET', path: example }, { host });
    expect([answer.status, answer.xml('Code'), answer.xml('BucketName')]).toEqual([
      404,
      'NoSuchBucket',
      'test.txt',
    ]);
    const changed = { method: 'GET', path: example.replace('test.txt', 'tesu.txt') };
    expect((await sendHeaders(sandbox, changed, { host })).xml('Code')).toBe('SignatureDoesNotMatch');
  });
});

test('put, get and head under a customer key', async () => {
  const written = await use({ method: 'PUT', path, headers: key }, key, 'presigned content');
  expect([written.status, written.headers['x-amz-server-side-encryption-customer-algorithm']]).toEqual([
    200,
    'AES256',
  ]);
  const read = await use({ ...get, headers: key });
  expect([read.status, read.text]).toEqual([200, 'presigned content']);
  expect((await use({ method: 'HEAD', path, headers: key })).status).toBe(200);
  // What needs no signature may come as the client likes.
  expect((await use({ ...get, headers: key }, { ...key, range: 'bytes=0-2' })).text).toBe('pre');
});

describe("the customer key's headers", () => {
  test('must be signed, each of them', async () => {
    for (const missing of Object.keys(key)) {
      const headers = Object.fromEntries(Object.entries(key).filter(([name]) => name !== missing));
      const answer = await use({ ...get, headers }, key);
      expect([...told(answer), answer.xml('HeadersNotSigned')]).toEqual([
        403,
        'AccessDenied',
        'There were headers present in the request which were not signed',
        missing,
      ]);
    }
  });

  test('must come, and be those that were signed', async () => {
    const signed = { ...get, headers: key };
    expect((await use(signed, {})).xml('Code')).toBe('SignatureDoesNotMatch');
    expect((await use(signed, sseC(randomBytes(32)))).xml('Code')).toBe('SignatureDoesNotMatch');
    await use({ method: 'PUT', path, headers: key }, key, 'x');
    expect(told(await use(get)).slice(0, 2)).toEqual([400, 'InvalidRequest']);
    const other = sseC(randomBytes(32));
    expect(told(await use({ ...get, headers: other })).slice(0, 2)).toEqual([403, 'AccessDenied']);
  });

  test('are no part of the URL: 501', async () => {
    expect((await use({ ...get, query: key }, {})).status).toBe(501);
  });
});

describe('refused', () => {
  const minutes = (count: number) => new Date(Date.now() + count * 60_000);

  test.each([
    ['expired', { date: minutes(-2) }, [403, 'AccessDenied', 'Request has expired']],
    ['not yet valid', { date: minutes(16) }, [403, 'AccessDenied', 'Request is not yet valid']],
    [
      'too long',
      { query: { 'X-Amz-Expires': '604801' } },
      malformed(
        'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
      ),
    ],
    ['negative', { query: { 'X-Amz-Expires': '-1' } }, malformed('X-Amz-Expires must be non-negative')],
    ['no number', { query: { 'X-Amz-Expires': 'soon' } }, malformed('X-Amz-Expires should be a number')],
    [
      'no date',
      { query: { 'X-Amz-Date': 'today' } },
      malformed(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`),
    ],
    [
      'another algorithm',
      { query: { 'X-Amz-Algorithm': 'AWS2' } },
      malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"'),
    ],
    [
      'something missing',
      { query: { 'X-Amz-Credential': '' } },
      malformed(
        'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
      ),
    ],
    [
      'another region',
      { region: 'eu-west-1' },
      malformed(
        "Error parsing the X-Amz-Credential parameter; the region 'eu-west-1' is wrong; expecting 'us-east-1'",
      ),
    ],
    [
      'Signature Version 4A',
      { query: { 'X-Amz-Algorithm': 'AWS4-ECDSA-P256-SHA256' } },
      [501, 'NotImplemented', 'The sandbox does not implement Signature Version 4A.'],
    ],
  ] as const)('%s', async (_, change, expected) => {
    expect(told(await use({ ...get, ...change }))).toEqual(expected);
  });

  test('a week, and a clock that is a little ahead, are good', async () => {
    await use({ method: 'PUT', path }, {}, 'x');
    const week = { ...get, date: minutes(-10_000), query: { 'X-Amz-Expires': '604800' } };
    expect((await use(week)).status).toBe(200);
    expect((await use({ ...get, date: minutes(14) })).status).toBe(200);
  });

  test('two signatures, or one of Version 2', async () => {
    const both = await send(running(), { method: 'GET', path: presign(running(), get) });
    expect(told(both).slice(0, 2)).toEqual([400, 'InvalidArgument']);
    const old = { method: 'GET', path: `${path}?AWSAccessKeyId=a&Signature=b&Expires=1` };
    expect((await sendHeaders(running(), old, {})).status).toBe(501);
  });

  test.each([
    ['a parameter', (url: string) => `${url}&versionId=null`],
    ['the method', (url: string) => url],
    ['the signature', (url: string) => url.replace(/.$/, (last) => (last === '0' ? '1' : '0'))],
  ])('%s was changed', async (what, change) => {
    const method = what === 'the method' ? 'PUT' : 'GET';
    const answer = await sendHeaders(running(), { method, path: change(presign(running(), get)) }, {});
    expect(told(answer).slice(0, 2)).toEqual([403, 'SignatureDoesNotMatch']);
  });
});

test('what SDKs put into the query instead of headers', async () => {
  const crc32 = 'NSRBwg==';
  const query = {
    'x-amz-checksum-crc32': crc32,
    'x-amz-sdk-checksum-algorithm': 'CRC32',
    'x-amz-meta-a': '1',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'x-id': 'PutObject',
  };
  expect((await use({ method: 'PUT', path, query }, {}, 'other')).xml('Code')).toBe('BadDigest');
  expect((await use({ method: 'PUT', path, query }, {}, 'abc')).status).toBe(200);
  const read = await use({ ...get, query: { 'x-amz-checksum-mode': 'ENABLED' } });
  expect([read.headers['x-amz-checksum-crc32'], read.headers['x-amz-meta-a']]).toEqual([crc32, '1']);
  const unknown = { ...get, query: { 'x-amz-unheard-of': '1' } };
  expect((await use(unknown)).status).toBe(501);
});

test('session tokens stand in the query', () =>
  withSandbox({ sessionToken: 'the+token/=' }, async (sandbox) => {
    const status = async (query: Record<string, string>) =>
      (
        await sendHeaders(
          sandbox,
          { method: 'GET', path: presign(sandbox, { method: 'GET', path: `/${bucket}/a`, query }) },
          {},
        )
      ).status;
    expect(await status({ 'X-Amz-Security-Token': 'the+token/=' })).toBe(404);
    expect(await status({ 'X-Amz-Security-Token': 'x' })).toBe(400);
    expect(await status({})).toBe(403);
  }));
