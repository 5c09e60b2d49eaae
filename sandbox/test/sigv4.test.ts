import { expect, test } from 'vitest';
import { canonicalRequest, sha256Hex, signature, signingKey, stringToSign } from '../src/auth/sigv4.ts';

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const timestamp = '20130524T000000Z';
const scope = '20130524/us-east-1/s3/aws4_request';

interface Example {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signature: string;
}

const examples: Record<string, Example> = {
  'GET Object': {
    method: 'GET',
    path: '/test.txt',
    headers: { range: 'bytes=0-9' },
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  'PUT Object': {
    method: 'PUT',
    path: '/test$file.text',
    headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
    body: 'Welcome to Amazon S3.',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  'GET Bucket Lifecycle': {
    method: 'GET',
    path: '/',
    query: { lifecycle: '' },
    headers: {},
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  'List Objects': {
    method: 'GET',
    path: '/',
    query: { prefix: 'J', 'max-keys': '2' },
    headers: {},
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
};

test.each(Object.entries(examples))('AWS example: %s', (_, example) => {
  const payloadHash = sha256Hex(example.body ?? '');
  const headers = new Map([
    ...Object.entries(example.headers),
    ['host', 'examplebucket.s3.amazonaws.com'],
    ['x-amz-content-sha256', payloadHash],
    ['x-amz-date', timestamp],
  ] as const);
  const canonical = canonicalRequest({
    method: example.method,
    pathBytes: Buffer.from(example.path),
    query: Object.entries(example.query ?? {}).map(([name, value]) => ({ name, value })),
    headers,
    signedHeaders: [...headers.keys()].sort(),
    payloadHash,
  });
  const key = signingKey(secret, '20130524', 'us-east-1');
  expect(signature(key, stringToSign(timestamp, scope, canonical))).toBe(example.signature);
});

test('header values are trimmed and their runs of spaces become one', () => {
  const canonical = canonicalRequest({
    method: 'GET',
    pathBytes: Buffer.from('/ä b'),
    query: [
      { name: 'b', value: '2 +' },
      { name: 'b', value: '1' },
      { name: 'a', value: '' },
    ],
    headers: new Map([['x-amz-meta-a', '  x   y  ']]),
    signedHeaders: ['x-amz-meta-a'],
    payloadHash: 'UNSIGNED-PAYLOAD',
  });
  expect(canonical.split('\n')).toEqual([
    'GET',
    '/%C3%A4%20b',
    'a=&b=1&b=2%20%2B',
    'x-amz-meta-a:x y',
    '',
    'x-amz-meta-a',
    'UNSIGNED-PAYLOAD',
  ]);
});

test('signed headers are in the order of their names', () => {
  const canonical = canonicalRequest({
    method: 'GET',
    pathBytes: Buffer.from('/'),
    query: [],
    headers: new Map([
      ['x-amz-key', '1'],
      ['x-amz-key-md5', '2'],
    ]),
    signedHeaders: ['x-amz-key-md5', 'x-amz-key'],
    payloadHash: '',
  });
  expect(canonical).toBe('GET\n/\n\nx-amz-key:1\nx-amz-key-md5:2\n\nx-amz-key;x-amz-key-md5\n');
});
