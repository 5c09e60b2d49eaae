import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allowSseC } from '../../src/bucket-encryption.ts';
import { type SsecClientOptions, SsecClient } from '../../src/client.ts';
import { deleteObject } from '../../src/delete-object.ts';
import { getObject } from '../../src/get-object.ts';
import { headObject } from '../../src/head-object.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { objectParts } from '../../src/object-parts.ts';
import { objectTags } from '../../src/object-tags.ts';
import { putObject } from '../../src/put-object.ts';
import type { PutObjectOptions, PutObjectResult } from '../../src/put-request.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import {
  type WireAnswer,
  type WireHandler,
  type WireRequest,
  type WireServer,
  echoOf,
  s3Error,
  sseCHeaders,
  startWireServer,
} from '../support/wire-server.ts';
import { tempFolder } from './support/temp-folder.ts';
import { rejected } from './support/thrown.ts';

const BASE64 = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
const customerKey = CustomerKey.fromBytes(Buffer.from(BASE64, 'base64'));

/** To the letter what S3 wants, and all of SSE-C that may leave the process. */
const SSE_C = {
  'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  'x-amz-server-side-encryption-customer-key': BASE64,
  'x-amz-server-side-encryption-customer-key-md5': 'DWygnHRtgiJ77HCm+1rvHw==',
};

const content = Buffer.from('123456789');
const CRC32 = 'y/Q5Jg==';

async function start(
  script: readonly WireAnswer[] | WireHandler,
  options: Partial<SsecClientOptions> = {},
): Promise<{ server: WireServer; client: SsecClient }> {
  const server = await startWireServer(script);
  const client = new SsecClient({
    region: 'us-east-1',
    endpoint: server.endpoint,
    ca: server.caPem,
    credentials: () => Promise.resolve({ accessKeyId: 'AKID', secretAccessKey: 'SECRET' }),
    ...options,
  });
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client };
}

const stored: WireHandler = (request) => ({ status: 200, headers: { etag: '"e"', ...echoOf(request) } });

function put(client: SsecClient, options: Partial<PutObjectOptions> = {}): Promise<PutObjectResult> {
  const source = new BytesSource(content);
  return putObject({ client, bucket: 'bucket', key: 'dir/k', customerKey, source, ...options });
}

function only(server: WireServer): WireRequest {
  expect(server.requests).toHaveLength(1);
  const [request] = server.requests;
  if (request === undefined) throw new Error('nothing came');
  return request;
}

function signedHeaders(request: WireRequest): string[] {
  return /SignedHeaders=([^,]*)/.exec(request.headers['authorization'] ?? '')?.[1]?.split(';') ?? [];
}

/** No trailer, no chunked signing, no waiting for 100: what old servers answer with 411 or not at all. */
function expectPlainBody(request: WireRequest, length: number): void {
  const { headers } = request;
  expect(headers['content-length']).toBe(String(length));
  for (const name of [
    'transfer-encoding',
    'x-amz-trailer',
    'content-encoding',
    'x-amz-decoded-content-length',
    'expect',
    'trailer',
  ]) {
    expect(headers[name], name).toBeUndefined();
  }
  for (const value of Object.values(headers)) expect(value).not.toContain('aws-chunked');
}

describe('PutObject', () => {
  test('the three headers, signed, and the body as it is', async () => {
    const { server, client } = await start(stored);
    const result = await put(client);
    const request = only(server);
    expect([request.method, request.path]).toEqual(['PUT', '/bucket/dir/k?x-id=PutObject']);
    expect(sseCHeaders(request)).toEqual(SSE_C);
    expect(signedHeaders(request)).toEqual(expect.arrayContaining(Object.keys(SSE_C)));
    expect(signedHeaders(request)).toEqual(expect.arrayContaining(['x-amz-checksum-crc32', 'host']));
    expect(request.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(request.headers['x-amz-checksum-crc32']).toBe(CRC32);
    expect(request.body.equals(content)).toBe(true);
    expectPlainBody(request, 9);
    expect(Object.keys(request.headers).filter((name) => name.startsWith('x-amz-checksum-'))).toEqual([
      'x-amz-checksum-crc32',
    ]);
    expect(result).toMatchObject({ size: 9, checksum: { algorithm: 'CRC32', value: CRC32 }, proof: 'MD5' });
  });

  test('a file goes the same way', async () => {
    const { server, client } = await start(stored);
    const path = join(tempFolder(), 'f');
    const bytes = Buffer.alloc(1_500_000, 'ssec');
    writeFileSync(path, bytes);
    const source = await FileSource.open(path);
    onTestFinished(() => source.close());
    await put(client, { source });
    const request = only(server);
    expect(sseCHeaders(request)).toEqual(SSE_C);
    expect(request.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(request.headers['content-md5']).toBe(createHash('md5').update(bytes).digest('base64'));
    expect(request.body.equals(bytes)).toBe(true);
    expectPlainBody(request, bytes.length);
  });

  test('an empty object has a length too', async () => {
    const { server, client } = await start(stored);
    await put(client, { source: new BytesSource(Buffer.alloc(0)) });
    expectPlainBody(only(server), 0);
    expect(only(server).headers['x-amz-checksum-crc32']).toBe('AAAAAA==');
  });

  test.each([
    ["auto, on a server of one's own", 'auto', true],
    ['md5', 'md5', true],
    ['crc32', 'crc32', false],
  ] as const)('Content-MD5: %s', async (_name, checksum, sent) => {
    const { server, client } = await start(stored);
    const result = await put(client, { checksum });
    const md5 = createHash('md5').update(content).digest('base64');
    expect(only(server).headers['content-md5']).toBe(sent ? md5 : undefined);
    expect(only(server).headers['x-amz-checksum-crc32']).toBe(CRC32);
    expect(result.proof).toBe(sent ? 'MD5' : 'size');
  });

  test('the proof is the CRC32 where the server returns it', async () => {
    const { client } = await start((request) => ({
      status: 200,
      headers: { 'x-amz-checksum-crc32': CRC32, ...echoOf(request) },
    }));
    expect((await put(client)).proof).toBe('CRC32');
  });

  test('metadata, type, class and condition', async () => {
    const { server, client } = await start(stored);
    await put(client, {
      contentType: 'image/jpeg',
      metadata: { owner: 'me' },
      storageClass: 'A_CLASS_OF_TOMORROW',
      noOverwrite: true,
    });
    expect(only(server).headers).toMatchObject({
      'content-type': 'image/jpeg',
      'x-amz-meta-owner': 'me',
      'x-amz-storage-class': 'A_CLASS_OF_TOMORROW',
      'if-none-match': '*',
    });
  });

  test('the ETag that it may replace: without its quotes, which not every server takes off', async () => {
    const { server, client } = await start(stored);
    await put(client, { ifMatch: '"0123456789abcdef0123456789abcdef-2"' });
    const { headers } = only(server);
    expect(headers['if-match']).toBe('0123456789abcdef0123456789abcdef-2');
    expect(headers['if-none-match']).toBeUndefined();
    expect(signedHeaders(only(server))).toContain('if-match');
  });

  test.each<[string, Partial<PutObjectOptions>]>([
    ['both conditions', { ifMatch: '"e"', noOverwrite: true }],
    ['any ETag', { ifMatch: '*' }],
    ['no ETag', { ifMatch: '' }],
    ['an ETag of quotes alone', { ifMatch: '""' }],
    ['more than an ETag', { ifMatch: 'e\r\nx: y' }],
    ['a header that is more than one', { headers: { cacheControl: 'no-store\r\nx: y' } }],
    ['a header that is no ASCII', { headers: { contentDisposition: 'attachment; filename="ü"' } }],
  ])('%s is refused, and nothing sent', async (_name, options) => {
    const { server, client } = await start(stored);
    expect((await rejected(put(client, options))).code).toBe('USAGE');
    expect(server.requests).toHaveLength(0);
  });

  test('the headers that are kept with it, to the letter', async () => {
    const { server, client } = await start(stored);
    const headers = {
      cacheControl: 'max-age=3600, public',
      contentDisposition: 'attachment; filename="a b.txt"',
      contentEncoding: 'gzip',
      contentLanguage: 'de, en',
      // no date, and S3 keeps it as it is
      expires: 'Thu, 1 Dec 2044 16:00:00 GMT or so',
      websiteRedirectLocation: '/elsewhere',
    };
    await put(client, { headers });
    const sent = {
      'cache-control': headers.cacheControl,
      'content-disposition': headers.contentDisposition,
      'content-encoding': headers.contentEncoding,
      'content-language': headers.contentLanguage,
      expires: headers.expires,
      'x-amz-website-redirect-location': headers.websiteRedirectLocation,
    };
    expect(only(server).headers).toMatchObject(sent);
    // the next put of the same client has none of them
    await put(client, { headers: { expires: '', contentEncoding: 'aws-chunked', cacheControl: undefined } });
    for (const name of Object.keys(sent)) expect(server.requests[1]?.headers[name], name).toBeUndefined();
  });

  test('an encoding of the request is none of the object', async () => {
    const { server, client } = await start(stored);
    await put(client, { headers: { contentEncoding: 'gzip,aws-chunked' } });
    expect(only(server).headers['content-encoding']).toBe('gzip');
  });

  test('without a key: no header of SSE-C, and no other encryption asked for', async () => {
    const { server, client } = await start(() => ({ status: 200, headers: { etag: '"e"' } }));
    expect(await put(client, { customerKey: undefined })).toMatchObject({
      size: 9,
      etag: '"e"',
      proof: 'MD5',
    });
    expect(sseCHeaders(only(server))).toEqual({});
    expect(only(server).headers['x-amz-checksum-crc32']).toBe(CRC32);
    expectPlainBody(only(server), 9);
  });

  test('without them none of these', async () => {
    const { server, client } = await start(stored);
    await put(client);
    for (const name of [
      'if-none-match',
      'if-match',
      'expires',
      'cache-control',
      'x-amz-storage-class',
      'x-amz-acl',
      'x-amz-tagging',
    ]) {
      expect(only(server).headers[name]).toBeUndefined();
    }
  });

  test.each([
    ['blanks and umlauts', 'a b/ü.txt', '/bucket/a%20b/%C3%BC.txt'],
    ['dots and slashes', 'a/../b//c', '/bucket/a/../b//c'],
    ['a slash first', '/a', '/bucket//a'],
    ['what looks like a query', 'a?b=c&d#e+f%20', '/bucket/a%3Fb%3Dc%26d%23e%2Bf%2520'],
    ['a NUL', '\0a', '/bucket/%00a'],
  ])('an object key with %s arrives as it is', async (_name, key, path) => {
    const { server, client } = await start(stored);
    await put(client, { key });
    expect(only(server).path).toBe(`${path}?x-id=PutObject`);
  });
});

describe('GetObject', () => {
  const sink = (): Promise<never> => Promise.reject(new Error('not reached'));
  const answer: WireHandler = (request) => ({ status: 200, headers: echoOf(request), body: content });

  test('the three headers, signed, and the checksum asked for', async () => {
    const { server, client } = await start(answer);
    const chunks: Uint8Array[] = [];
    await getObject({
      client,
      bucket: 'bucket',
      key: 'k',
      customerKey,
      openSink: () =>
        Promise.resolve({
          write: (chunk) => Promise.resolve(void chunks.push(Buffer.from(chunk))),
          commit: () => Promise.resolve(),
          discard: () => Promise.resolve(),
        }),
    });
    const request = only(server);
    expect([request.method, request.path]).toEqual(['GET', '/bucket/k?x-id=GetObject']);
    expect(sseCHeaders(request)).toEqual(SSE_C);
    expect(signedHeaders(request)).toEqual(expect.arrayContaining(Object.keys(SSE_C)));
    expect(request.headers['x-amz-checksum-mode']).toBe('ENABLED');
    expect(request.headers['range']).toBeUndefined();
    expect(request.headers['expect']).toBeUndefined();
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('without a key none of the three', async () => {
    const { server, client } = await start([s3Error(400, 'InvalidRequest')]);
    const failed = getObject({ client, bucket: 'bucket', key: 'k', customerKey: undefined, openSink: sink });
    expect((await rejected(failed)).code).toBe('KEY_MISSING');
    expect(sseCHeaders(only(server))).toEqual({});
  });

  test('a range', async () => {
    const { server, client } = await start([s3Error(404, 'NoSuchKey')]);
    const range = 'bytes=0-3';
    await rejected(getObject({ client, bucket: 'bucket', key: 'k', customerKey, range, openSink: sink }));
    expect(only(server).headers['range']).toBe(range);
  });

  test.each([
    ['400: it is encrypted, so the key is wrong', 400, 'KEY_MISMATCH'],
    ['200: it needs no key', 200, 'KEY_NOT_NEEDED'],
    ['403: no permission', 403, 'ACCESS_DENIED'],
  ])('refused, the probe is a HEAD without key: %s', async (_name, status, code) => {
    const { server, client } = await start([s3Error(403, 'AccessDenied'), { status }]);
    const failed = getObject({ client, bucket: 'bucket', key: 'k', customerKey, openSink: sink });
    expect((await rejected(failed)).code).toBe(code);
    expect(server.requests.map((request) => request.method)).toEqual(['GET', 'HEAD']);
    expect(server.requests.map((request) => request.path.split('?')[0])).toEqual(['/bucket/k', '/bucket/k']);
    expect(sseCHeaders(server.requests[1] as WireRequest)).toEqual({});
  });
});

describe('HeadObject with the key, after a repeated conditional put', () => {
  test('the three headers, and the checksum asked for', async () => {
    const { server, client } = await start((request, index) =>
      request.method === 'HEAD'
        ? {
            status: 200,
            headers: { 'content-length': '9', 'x-amz-checksum-crc32': CRC32, ...echoOf(request) },
          }
        : index === 0
          ? { status: 503 }
          : s3Error(412, 'PreconditionFailed'),
    );
    await put(client, { noOverwrite: true });
    expect(server.requests.map((request) => request.method)).toEqual(['PUT', 'PUT', 'HEAD']);
    const head = server.requests[2] as WireRequest;
    expect(sseCHeaders(head)).toEqual(SSE_C);
    expect(signedHeaders(head)).toEqual(expect.arrayContaining(Object.keys(SSE_C)));
    expect(head.headers['x-amz-checksum-mode']).toBe('ENABLED');
  });
});

describe('HeadObject', () => {
  test('the three headers, the checksum and the version asked for', async () => {
    const { server, client } = await start((request) => ({
      status: 200,
      headers: { 'content-length': '9', 'x-amz-tagging-count': '2', ...echoOf(request) },
    }));
    const head = await headObject({ client, bucket: 'bucket', key: 'k', versionId: 'v 1/2', customerKey });
    const request = only(server);
    expect([request.method, request.path]).toEqual(['HEAD', '/bucket/k?versionId=v%201%2F2']);
    expect(sseCHeaders(request)).toEqual(SSE_C);
    expect(signedHeaders(request)).toEqual(expect.arrayContaining(Object.keys(SSE_C)));
    expect(request.headers['x-amz-checksum-mode']).toBe('ENABLED');
    expect(head).toMatchObject({ size: 9, encrypted: true, tagCount: 2 });
  });

  test('an answer without the echo is no proof', async () => {
    const { client } = await start([{ status: 200, headers: { 'content-length': '9' } }]);
    const failed = headObject({ client, bucket: 'bucket', key: 'k', customerKey });
    expect((await rejected(failed)).code).toBe('KEY_NOT_NEEDED');
  });
});

describe('GetObjectAttributes', () => {
  const attributes = (parts: string): WireAnswer => ({
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<GetObjectAttributesResponse xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectParts>${parts}</ObjectParts></GetObjectAttributesResponse>`,
  });

  test('the three headers, page by page', async () => {
    const { server, client } = await start([
      attributes(
        '<PartsCount>2</PartsCount><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker><Part><PartNumber>1</PartNumber><Size>5</Size><ChecksumCRC32>y/Q5Jg==</ChecksumCRC32></Part>',
      ),
      attributes(
        '<PartsCount>2</PartsCount><IsTruncated>false</IsTruncated><Part><PartNumber>2</PartNumber><Size>4</Size></Part>',
      ),
    ]);
    const parts = await objectParts({ client, bucket: 'bucket', key: 'k', versionId: 'v', customerKey });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /bucket/k?attributes=&versionId=v',
      'GET /bucket/k?attributes=&versionId=v',
    ]);
    for (const request of server.requests) {
      expect(sseCHeaders(request)).toEqual(SSE_C);
      expect(request.headers['x-amz-object-attributes']).toBe('ObjectParts');
    }
    expect(server.requests[1]?.headers['x-amz-part-number-marker']).toBe('1');
    expect(parts).toEqual({
      count: 2,
      parts: [
        { number: 1, size: 5, checksum: { algorithm: 'CRC32', value: 'y/Q5Jg==' } },
        { number: 2, size: 4, checksum: undefined },
      ],
    });
  });

  test('a server that sends the object instead is not read', async () => {
    const headers = { etag: '"e"', 'content-type': 'application/xml' };
    const { client } = await start([{ status: 200, headers, body: content }]);
    const failed = objectParts({ client, bucket: 'bucket', key: 'k', customerKey });
    expect((await rejected(failed)).code).toBe('NOT_SUPPORTED');
  });
});

describe('versions', () => {
  test('a GET, its ranges and the look without a key ask for the same version', async () => {
    const { server, client } = await start([s3Error(403, 'AccessDenied'), { status: 400 }]);
    const openSink = (): Promise<never> => Promise.reject(new Error('not reached'));
    const object = { bucket: 'bucket', key: 'k', versionId: 'v1' };
    const error = await rejected(getObject({ client, ...object, customerKey, openSink }));
    expect(error.code).toBe('KEY_MISMATCH');
    for (const { path } of server.requests) expect(path).toContain('versionId=v1');
    expect(server.requests).toHaveLength(2);
  });

  test('what AWS says of an id that is none is no word on the key', async () => {
    const { server, client } = await start([s3Error(400, 'InvalidArgument', 'Invalid version id specified')]);
    const openSink = (): Promise<never> => Promise.reject(new Error('not reached'));
    const object = { bucket: 'bucket', key: 'k', versionId: 'v1' };
    const error = await rejected(getObject({ client, ...object, customerKey, openSink }));
    expect([error.code, error.message]).toEqual([
      'OBJECT_NOT_FOUND',
      'There is no version v1 of s3://bucket/k.',
    ]);
    expect(server.requests).toHaveLength(1);
  });
});

describe('DeleteObject', () => {
  test('alone, and of a version', async () => {
    const { server, client } = await start([
      { status: 204, headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'm' } },
      { status: 204 },
    ]);
    expect(await deleteObject({ client, bucket: 'bucket', key: 'k' })).toMatchObject({
      versionId: 'm',
      deleteMarker: true,
    });
    await deleteObject({ client, bucket: 'bucket', key: 'k', versionId: 'v' });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE /bucket/k?x-id=DeleteObject',
      'DELETE /bucket/k?versionId=v&x-id=DeleteObject',
    ]);
    for (const request of server.requests) expect(sseCHeaders(request)).toEqual({});
  });

  test.each([
    ['is there', 200, ['HEAD', 'DELETE']],
    ['is there, under a key', 400, ['HEAD', 'DELETE']],
    ['may be there', 403, ['HEAD', 'DELETE']],
  ])('mustExist: what %s', async (_name, status, methods) => {
    const { server, client } = await start([{ status }, { status: 204 }]);
    await deleteObject({ client, bucket: 'bucket', key: 'k', mustExist: true });
    expect(server.requests.map(({ method }) => method)).toEqual(methods);
    for (const request of server.requests) expect(sseCHeaders(request)).toEqual({});
  });

  test('mustExist: what is not there is not deleted', async () => {
    const { server, client } = await start((request) =>
      request.method === 'HEAD' ? { status: 404 } : s3Error(404, 'NoSuchKey'),
    );
    const failed = deleteObject({ client, bucket: 'bucket', key: 'k', mustExist: true });
    expect((await rejected(failed)).code).toBe('OBJECT_NOT_FOUND');
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
  });

  test.each([
    ['a delete marker, on a server that hides it', { 'x-amz-delete-marker': 'true' }, undefined],
    ['nothing', {}, 'OBJECT_NOT_FOUND'],
  ])('mustExist of a version that is not found: %s', async (_name, headers, code) => {
    const { client } = await start((request) =>
      request.method === 'DELETE'
        ? { status: 204, headers }
        : request.method === 'HEAD'
          ? { status: 404 }
          : s3Error(404, 'NoSuchKey'),
    );
    const object = { client, bucket: 'bucket', key: 'k', versionId: 'v', mustExist: true };
    const error = await deleteObject(object).then(
      () => undefined,
      (thrown: unknown) => (thrown as { code: string }).code,
    );
    expect(error).toBe(code);
  });
});

describe('tags', () => {
  test('go as a query, on PutObject', async () => {
    const { server, client } = await start(stored);
    await put(client, { tags: { 'a b': 'c&d=e', ü: '' } });
    expect(only(server).headers['x-amz-tagging']).toBe('a%20b=c%26d%3De&%C3%BC=');
    expect(signedHeaders(only(server))).toContain('x-amz-tagging');
  });

  test('GetObjectTagging needs no key', async () => {
    const { server, client } = await start([
      {
        status: 200,
        headers: { 'content-type': 'application/xml' },
        body: '<Tagging><TagSet><Tag><Key>ssec-key</Key><Value>first</Value></Tag></TagSet></Tagging>',
      },
    ]);
    const tags = await objectTags({ client, bucket: 'bucket', key: 'k', versionId: 'v' });
    expect([...tags]).toEqual([['ssec-key', 'first']]);
    expect([only(server).method, only(server).path]).toEqual(['GET', '/bucket/k?tagging=&versionId=v']);
    expect(sseCHeaders(only(server))).toEqual({});
  });

  test.each([
    ['ten', Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`t${i}`, 'v'.repeat(256)])), undefined],
    ['eleven', Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, ''])), 'USAGE'],
    ['a name of 128 characters', { ['😀'.repeat(128)]: '' }, undefined],
    ['a name of 129', { ['n'.repeat(129)]: '' }, 'USAGE'],
    ['no name', { '': 'x' }, 'USAGE'],
  ])('%s', async (_name, tags, code) => {
    const { server, client } = await start(stored);
    const failed = await put(client, { tags }).then(
      () => undefined,
      (thrown: unknown) => (thrown as { code: string }).code,
    );
    expect(failed).toBe(code);
    expect(server.requests).toHaveLength(code === undefined ? 1 : 0);
  });
});

describe('what carries no key', () => {
  test('DeleteObject of the version that an ignorant server stored', async () => {
    const { server, client } = await start((request) =>
      request.method === 'DELETE'
        ? { status: 204 }
        : { status: 200, headers: { 'x-amz-version-id': 'v 1/2' } },
    );
    expect((await rejected(put(client))).code).toBe('KEY_IGNORED');
    const [, request] = server.requests;
    expect([request?.method, request?.path]).toEqual([
      'DELETE',
      '/bucket/dir/k?versionId=v%201%2F2&x-id=DeleteObject',
    ]);
    expect(sseCHeaders(request as WireRequest)).toEqual({});
  });

  test('GetBucketEncryption and PutBucketEncryption', async () => {
    const xml = (blocked: string): WireAnswer => ({
      status: 200,
      headers: { 'content-type': 'application/xml' },
      body: `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>kms-1</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled><BlockedEncryptionTypes><EncryptionType>${blocked}</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>`,
    });
    const { server, client } = await start([xml('SSE-C'), { status: 200 }, xml('NONE')]);
    const result = await allowSseC({ client, bucket: 'bucket' });
    expect(result).toMatchObject({
      changed: true,
      blockedEncryptionTypes: ['NONE'],
      kmsMasterKeyId: 'kms-1',
    });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /bucket/?encryption=',
      'PUT /bucket/?encryption=',
      'GET /bucket/?encryption=',
    ]);
    for (const request of server.requests) expect(sseCHeaders(request)).toEqual({});
    const request = server.requests[1] as WireRequest;
    const sent = request.body.toString();
    for (const kept of [
      '<SSEAlgorithm>aws:kms</SSEAlgorithm>',
      '<KMSMasterKeyID>kms-1</KMSMasterKeyID>',
      '<BucketKeyEnabled>true</BucketKeyEnabled>',
      '<BlockedEncryptionTypes><EncryptionType>NONE</EncryptionType></BlockedEncryptionTypes>',
    ]) {
      expect(sent).toContain(kept);
    }
    expectPlainBody(request, request.body.length);
  });

  test('a bucket that blocks nothing is only looked at', async () => {
    const { server, client } = await start([s3Error(404, 'ServerSideEncryptionConfigurationNotFoundError')]);
    expect((await allowSseC({ client, bucket: 'bucket' })).changed).toBe(false);
    expect(only(server).method).toBe('GET');
  });
});

describe('which hosts are AWS', () => {
  test.each([
    [undefined, true],
    ['https://s3.eu-west-3.amazonaws.com', true],
    ['https://bucket.vpce-1.s3.eu-west-3.vpce.amazonaws.com', true],
    ['https://s3.cn-north-1.amazonaws.com.cn', true],
    ['https://amazonaws.com.example.org', false],
    ['https://evilamazonaws.com', false],
    ['https://127.0.0.1:9000', false],
  ])('%s is AWS: %s', (endpoint, isAws) => {
    const client = new SsecClient({
      region: 'us-east-1',
      credentials: () => Promise.reject(new Error('none')),
      ...(endpoint === undefined ? {} : { endpoint }),
    });
    expect(client.isAws).toBe(isAws);
    client.close();
  });
});
