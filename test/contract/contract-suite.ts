import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allowSseC } from '../../src/bucket-encryption.ts';
import { SsecClient } from '../../src/client.ts';
import { SsecError } from '../../src/errors.ts';
import { type GetObjectOptions, type GetObjectResult, getObject } from '../../src/get-object.ts';
import { headObject } from '../../src/head-object.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { putObject } from '../../src/put-object.ts';
import type { PutObjectOptions, PutObjectResult } from '../../src/put-request.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { StreamSource } from '../../src/transfer/stream-source.ts';
import { plainClient } from '../support/plain-client.ts';
import { type RawAnswer, type SignedRequest, keyHeaders, send } from '../support/signed-request.ts';
import type { ContractServer } from './contract-server.ts';
import { copiesSuite } from './copies-suite.ts';
import { listingSuite } from './listing-suite.ts';
import { multipartSuite } from './multipart-suite.ts';
import { expected, key, readRefusals, writeRefusals } from './refusals.ts';
import { versionsSuite } from './versions-suite.ts';

const ODD_NAMES = [
  'with space',
  ' leading space',
  'ünï/日本語/emoji 😀',
  'a+b=c&d',
  'per%cent%20encoded%2F',
  'question?mark#hash',
  `quotes'"\``,
  '-dash',
  '~tilde!*()[]{}|^',
  'back\\slash',
  'double//slash',
  './dot',
  '../dot-dot',
  'a/../b/./c',
  'trailing/',
  'tab\there',
  '<xml>&amp;</xml>',
  'x'.repeat(900),
];

const CRC32 = 'x-amz-checksum-crc32';
const crc32Of = (body: Buffer): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
};
const md5Of = (body: Buffer, encoding: 'base64' | 'hex'): string =>
  createHash('md5').update(body).digest(encoding);

/**
 * What S3 answers, by requests that have nothing of ours in them, and what this library makes of it. Where servers
 * are known to differ the expectation says so; what nobody has seen AWS do is not asserted of AWS.
 */
export function contractSuite(name: ContractServer['name'], open: () => Promise<ContractServer>): void {
  let server: ContractServer;
  let client: SsecClient;

  beforeAll(async () => {
    server = await open();
    client = openClient();
  });

  afterAll(async () => {
    client.close();
    await removeObjects(server);
    await server.close();
  });

  const openClient = (credentials = server.credentials): SsecClient =>
    new SsecClient({
      region: server.region,
      credentials: () => Promise.resolve(credentials),
      ...(server.endpoint === undefined ? {} : { endpoint: server.endpoint }),
      ...(server.caPem === undefined ? {} : { ca: server.caPem }),
    });
  const at = (object: string): string => server.prefix + object;
  const raw = (
    method: SignedRequest['method'],
    object: string,
    headers: Readonly<Record<string, string>> = {},
    body?: Buffer,
  ): Promise<RawAnswer> =>
    send(server, {
      method,
      bucket: server.bucket,
      key: at(object),
      headers,
      ...(body === undefined ? {} : { body }),
    });
  const put = (
    object: string,
    body: Buffer,
    options: Partial<PutObjectOptions> & { customerKey: CustomerKey | undefined },
  ): Promise<PutObjectResult> =>
    putObject({ client, bucket: server.bucket, key: at(object), source: new BytesSource(body), ...options });
  const get = async (
    object: string,
    options: Partial<GetObjectOptions> & { customerKey: CustomerKey | undefined },
  ): Promise<GetObjectResult & { body: Buffer }> => {
    const chunks: Buffer[] = [];
    const done = (): Promise<void> => Promise.resolve();
    const result = await getObject({
      client,
      bucket: server.bucket,
      key: at(object),
      openSink: () =>
        Promise.resolve({
          write: (chunk) => {
            chunks.push(Buffer.from(chunk));
            return done();
          },
          commit: done,
          discard: done,
        }),
      ...options,
    });
    return { ...result, body: Buffer.concat(chunks) };
  };

  describe('the headers of a customer key', () => {
    const object = Buffer.from('under a key');

    beforeAll(async () => {
      expect((await raw('PUT', 'encrypted', keyHeaders(key), object)).status).toBe(200);
      expect((await raw('PUT', 'plain', {}, object)).status).toBe(200);
    });

    const shown = ({ status, code, message }: RawAnswer, like: object): object => ({
      status,
      ...('code' in like ? { code } : {}),
      ...('message' in like ? { message } : {}),
    });

    test.for(writeRefusals.map((row) => [row.when, row] as const))('PUT with %s', async ([, row]) => {
      const wanted = expected(row, name);
      const answer = await raw('PUT', `refused ${row.when}`, row.headers, object);
      expect(shown(answer, wanted)).toEqual(wanted);
      if (wanted.status === 200) return;
      expect(answer.headers['x-amz-server-side-encryption-customer-algorithm']).toBeUndefined();
      expect((await raw('HEAD', `refused ${row.when}`)).status).toBe(404);
    });

    test.for(readRefusals.map((row) => [row.when, row] as const))('GET with %s', async ([, row]) => {
      const wanted = expected(row, name);
      const answer = await raw('GET', row.plain === true ? 'plain' : 'encrypted', row.headers);
      expect(shown(answer, wanted)).toEqual(wanted);
      expect(answer.headers['x-amz-server-side-encryption-customer-algorithm']).toBeUndefined();
      const head = await raw('HEAD', row.plain === true ? 'plain' : 'encrypted', row.headers);
      expect({ status: head.status, length: head.body.length }).toEqual({ status: wanted.status, length: 0 });
    });

    test('a read without the MD5', async () => {
      const { 'x-amz-server-side-encryption-customer-key-md5': md5, ...headers } = keyHeaders(key);
      const answer = await raw('GET', 'encrypted', headers);
      // RGW wants it on reads too (rgw_crypt.cc)
      expect(answer.status).toBe(name === 'rgw' ? 400 : 200);
      if (name !== 'rgw') expect(answer.headers['x-amz-server-side-encryption-customer-key-md5']).toBe(md5);
    });

    test('over http', async (context) => {
      const { httpEndpoint } = server;
      if (httpEndpoint === undefined) return context.skip(`${name} has no http address here`);
      const request = { method: 'PUT', bucket: server.bucket, key: at('clear'), httpEndpoint, body: object };
      // a key that is junk: it crosses the network in clear
      const answer = await send(server, { ...request, headers: keyHeaders(Buffer.alloc(32, 1)) });
      // RGW: InvalidRequest (rgw_crypt.cc)
      const code = name === 'rgw' ? 'InvalidRequest' : 'InvalidArgument';
      expect(answer).toMatchObject({ status: 400, code });
    });
  });

  describe('what a write and a read answer', () => {
    const body = Buffer.from('hello');
    const echo = {
      'x-amz-server-side-encryption-customer-algorithm': 'AES256',
      'x-amz-server-side-encryption-customer-key-md5': md5Of(key, 'base64'),
    };

    test('the key is echoed, and the ETag tells nothing', async () => {
      const written = await raw('PUT', 'echo', keyHeaders(key), body);
      expect(written.headers).toMatchObject(echo);
      expect(written.headers['x-amz-server-side-encryption']).toBeUndefined();
      expect(written.headers['etag']).toMatch(/^"[0-9a-f]{32}"$/);
      const read = await raw('GET', 'echo', keyHeaders(key));
      expect(read.headers).toMatchObject(echo);
      expect(read.body).toEqual(body);
      expect(read.headers['etag']).toBe(written.headers['etag']);
      const isMd5 = written.headers['etag'] === `"${md5Of(body, 'hex')}"`;
      // seen on RGW 16.2.15; AWS documents the opposite
      expect(isMd5).toBe(name === 'rgw');
    });

    test('a delete needs no key', async () => {
      await raw('PUT', 'deleted', keyHeaders(key), body);
      expect((await raw('DELETE', 'deleted')).status).toBe(204);
      expect(await raw('GET', 'deleted', keyHeaders(key))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    });

    test('a list shows the size of the content', async () => {
      await raw('PUT', 'listed', keyHeaders(key), body);
      const sdk = plainClient(server);
      const list = await sdk.send(new ListObjectsV2Command({ Bucket: server.bucket, Prefix: at('listed') }));
      sdk.destroy();
      expect(list.Contents?.map(({ Key, Size }) => ({ Key, Size }))).toEqual([
        { Key: at('listed'), Size: body.length },
      ]);
    });

    test('ranges address the content', async () => {
      await raw('PUT', 'ranges', keyHeaders(key), Buffer.from('0123456789'));
      const part = await raw('GET', 'ranges', { ...keyHeaders(key), range: 'bytes=3-6' });
      expect(part).toMatchObject({ status: 206, body: Buffer.from('3456') });
      expect(part.headers['content-range']).toBe('bytes 3-6/10');
      const beyond = await raw('GET', 'ranges', { ...keyHeaders(key), range: 'bytes=10-' });
      expect(beyond).toMatchObject({ status: 416, code: 'InvalidRange' });
    });
  });

  describe('checksums', () => {
    const body = Buffer.from('checked');
    // RGW 16.2.15 takes no notice of x-amz-checksum-*
    const keepsChecksums = name !== 'rgw';

    test('one that the client sent is kept, and shown when asked for', async () => {
      const written = await raw('PUT', 'crc32', { ...keyHeaders(key), [CRC32]: crc32Of(body) }, body);
      expect(written.status).toBe(200);
      expect(written.headers[CRC32]).toBe(keepsChecksums ? crc32Of(body) : undefined);
      const silent = await raw('GET', 'crc32', keyHeaders(key));
      expect(silent.headers[CRC32]).toBeUndefined();
      const asked = await raw('GET', 'crc32', { ...keyHeaders(key), 'x-amz-checksum-mode': 'ENABLED' });
      expect(asked.headers[CRC32]).toBe(keepsChecksums ? crc32Of(body) : undefined);
      if (keepsChecksums) expect(asked.headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
    });

    test('where the client sent none the server adds CRC64NVME', async () => {
      const written = await raw('PUT', 'crc64', keyHeaders(key), body);
      const value = written.headers['x-amz-checksum-crc64nvme'];
      if (keepsChecksums) expect(value).toMatch(/^[A-Za-z0-9+/]{11}=$/);
      else expect(value).toBeUndefined();
    });

    test('a wrong one', async () => {
      const wrong = crc32Of(Buffer.from('other'));
      const answer = await raw('PUT', 'wrong-crc', { ...keyHeaders(key), [CRC32]: wrong }, body);
      if (keepsChecksums) expect(answer).toMatchObject({ status: 400, code: 'BadDigest' });
      else expect(answer.status).toBe(200);
    });

    test('a Content-MD5 that is none', async () => {
      const headers = { ...keyHeaders(key), 'content-md5': 'x' };
      expect(await raw('PUT', 'bad-md5', headers, body)).toMatchObject({
        status: 400,
        code: 'InvalidDigest',
      });
    });

    test('a wrong Content-MD5', async (context) => {
      if (name === 'aws') return context.skip('nobody has seen what AWS does with it under SSE-C');
      const headers = { ...keyHeaders(key), 'content-md5': md5Of(Buffer.from('other'), 'base64') };
      expect(await raw('PUT', 'wrong-md5', headers, body)).toMatchObject({ status: 400, code: 'BadDigest' });
    });
  });

  describe('conditions', () => {
    const customerKey = CustomerKey.generate();

    // on an object without a key: with one nobody has recorded what AWS answers
    test('If-None-Match and If-Match on a put', async () => {
      const body = Buffer.from('x');
      const first = await raw('PUT', 'condition', { 'if-none-match': '*' }, body);
      expect(first.status).toBe(200);
      const again = await raw('PUT', 'condition', { 'if-none-match': '*' }, body);
      expect(again).toMatchObject({ status: 412, code: 'PreconditionFailed' });
      const other = await raw('PUT', 'condition', { 'if-match': `"${'0'.repeat(32)}"` }, body);
      expect(other).toMatchObject({ status: 412, code: 'PreconditionFailed' });
      const etag = String(first.headers['etag']);
      const same = await raw('PUT', 'condition', { 'if-match': etag }, body);
      // RGW 16.2.15 compares the ETag with its quotes to one without
      expect(same.status).toBe(name === 'rgw' ? 412 : 200);
      if (name !== 'rgw') return;
      const bare = await raw('PUT', 'condition', { 'if-match': etag.replaceAll('"', '') }, body);
      expect(bare.status).toBe(200);
    });

    test('a put that may replace one certain object, from one key to another and to none', async () => {
      const body = Buffer.from('from key to key');
      const [from, to] = [CustomerKey.generate(), CustomerKey.generate()];
      const { etag = '' } = await put('if-match', body, { customerKey: from });
      const other = put('if-match', body, { customerKey: to, ifMatch: `"${'0'.repeat(32)}"` });
      await expect(other).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      const gone = put('if-match-gone', body, { customerKey: to, ifMatch: etag });
      const code = name === 'rgw' ? 'OBJECT_CHANGED' : 'OBJECT_NOT_FOUND';
      await expect(gone).rejects.toMatchObject({ code });
      const second = await put('if-match', body, { customerKey: to, ifMatch: etag });
      expect((await get('if-match', { customerKey: to })).body.equals(body)).toBe(true);
      await put('if-match', body, { customerKey: undefined, ifMatch: second.etag ?? '' });
      const plain = await get('if-match', { customerKey: undefined });
      expect([plain.encrypted, plain.body.equals(body)]).toEqual([false, true]);
    });

    test('an upload in parts that may replace one certain object, and is to have no key', async () => {
      const etag = String((await put('if-match-parts', Buffer.from('x'), { customerKey })).etag);
      const large = randomBytes(5 * 1024 ** 2 + 1000);
      const upload = (ifMatch: string, meanwhile?: () => Promise<unknown>): Promise<PutObjectResult> => {
        const chunks = async function* () {
          yield large.subarray(0, -1000);
          await meanwhile?.();
          yield large.subarray(-1000);
        };
        const source = new StreamSource(Readable.from(chunks()), 'stdin');
        const where = { client, bucket: server.bucket, key: at('if-match-parts'), partSize: 5 * 1024 ** 2 };
        return putObject({ ...where, customerKey: undefined, source, ifMatch });
      };
      const written = await upload(etag);
      const plain = await get('if-match-parts', { customerKey: undefined });
      expect([plain.encrypted, plain.body.equals(large)]).toEqual([false, true]);
      const raced = upload(String(written.etag), () =>
        put('if-match-parts', Buffer.from('meanwhile'), { customerKey }),
      );
      await expect(raced).rejects.toMatchObject({ code: 'OBJECT_CHANGED' });
      const there = await get('if-match-parts', { customerKey });
      expect(there.body.toString()).toBe('meanwhile');
    });

    test('a look by HEAD without the key: the condition before the key, or the key before it', async (context) => {
      if (name === 'aws') return context.skip('nobody has seen which AWS judges first');
      await put('if-match-head', Buffer.from('x'), { customerKey: CustomerKey.generate() });
      const other = await raw('HEAD', 'if-match-head', { 'if-match': `"${'0'.repeat(32)}"` });
      expect(other.status).toBe(name === 'rgw' ? 412 : 400);
    });

    test('the headers that are kept with an object, to the letter', async () => {
      const headers = {
        cacheControl: 'max-age=60, public',
        contentDisposition: 'attachment; filename="a b.txt"',
        contentEncoding: 'gzip',
        contentLanguage: 'de, en',
        expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
      };
      await put('kept-headers', Buffer.from('x'), { customerKey, headers });
      const where = { client, bucket: server.bucket, key: at('kept-headers'), customerKey };
      expect(await headObject(where)).toMatchObject(headers);
    });

    test('If-Match on a delete', async () => {
      const { headers } = await raw('PUT', 'condition-delete', {}, Buffer.from('x'));
      const other = await raw('DELETE', 'condition-delete', { 'if-match': `"${'0'.repeat(32)}"` });
      // RGW 16.2.15 passes over it
      expect(other.status).toBe(name === 'rgw' ? 204 : 412);
      if (name === 'rgw') return;
      const same = await raw('DELETE', 'condition-delete', { 'if-match': String(headers['etag']) });
      expect(same.status).toBe(204);
      const absent = await raw('DELETE', 'condition-delete', { 'if-match': '*' });
      // documented, and not seen
      if (name === 'sandbox') expect(absent).toMatchObject({ status: 404, code: 'NoSuchKey' });
    });
  });

  describe('the encryption of a bucket', () => {
    const request = (method: string, bucket: string, body?: Buffer): Promise<RawAnswer> =>
      send(server, {
        method,
        bucket,
        key: '',
        query: 'encryption=',
        ...(body === undefined ? {} : { body, headers: { 'content-md5': md5Of(body, 'base64') } }),
      });
    const rule = (inside: string): Buffer =>
      Buffer.from(
        `<ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>${inside}</Rule></ServerSideEncryptionConfiguration>`,
      );

    test('can be read', async () => {
      const answer = await request('GET', server.bucket);
      // RGW 16.2.15: 200 with an empty configuration, or 404 where there never was one
      expect([200, 404]).toContain(answer.status);
      if (name !== 'rgw') expect(answer.body.toString()).toMatch(/<SSEAlgorithm>(AES256|aws:kms)/);
    });

    test('a bucket that does not block SSE-C is left alone', async () => {
      const result = await allowSseC({ client, bucket: server.bucket });
      expect(result.changed).toBe(false);
      expect(result.blockedEncryptionTypes).not.toContain('SSE-C');
    });

    test('a blocked bucket refuses, is opened, and keeps the rest of its rule', async (context) => {
      if (name === 'rgw') return context.skip('RGW 16 knows no BlockedEncryptionTypes');
      if (!server.ownsBuckets) return context.skip('the bucket is not ours to change');
      const sse =
        '<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>my-key</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>';
      const block = '<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>';
      const blocked = rule(`${sse}${block}<BucketKeyEnabled>true</BucketKeyEnabled>`);
      expect((await request('PUT', server.bucket, blocked)).status).toBe(200);
      const refused = await raw('PUT', 'blocked', keyHeaders(key), Buffer.from('x'));
      expect(refused).toMatchObject({ status: 403, code: 'AccessDenied' });
      expect(refused.message).toContain('has blocked upload requests');
      await expectError(
        put('blocked', Buffer.from('x'), { customerKey: CustomerKey.generate() }),
        'SSEC_BLOCKED',
      );
      // what is there can still be read
      expect((await raw('GET', 'encrypted', keyHeaders(key))).status).toBe(200);
      const opened = await allowSseC({ client, bucket: server.bucket });
      expect(opened).toMatchObject({
        changed: true,
        blockedEncryptionTypes: ['NONE'],
        sseAlgorithm: 'aws:kms',
        kmsMasterKeyId: 'my-key',
        bucketKeyEnabled: true,
      });
      expect((await raw('PUT', 'blocked', keyHeaders(key), Buffer.from('x'))).status).toBe(200);
      await request('DELETE', server.bucket);
    });
  });

  multipartSuite(name, () => server);
  copiesSuite(name, () => server);
  versionsSuite(name, () => server);
  listingSuite(name, () => server);

  describe('put and get', () => {
    const sizes = { empty: 0, 'one byte': 1, 'more than a part': 5 * 1024 ** 2 + 1 };

    test.for(Object.entries(sizes))('%s', async ([object, size]) => {
      const body = randomBytes(size);
      const customerKey = CustomerKey.generate();
      const written = await put(object, body, { customerKey });
      // RGW 16 confirms nothing but the Content-MD5
      expect(written).toMatchObject({ size, proof: name === 'rgw' ? 'MD5' : 'CRC32' });
      const seen = await raw('GET', object, keyHeaders(customerKey.toBytes()));
      expect(seen.body.equals(body)).toBe(true);
      expect((await raw('GET', object)).status).toBe(400);
      const read = await get(object, { customerKey });
      expect(read.body.equals(body)).toBe(true);
      expect(read).toMatchObject({ size, encrypted: true, proof: name === 'rgw' ? 'size' : 'CRC32' });
    });

    test('keys that begin with NUL bytes', async () => {
      for (const bytes of [Buffer.concat([Buffer.alloc(4), randomBytes(28)]), Buffer.alloc(32)]) {
        const customerKey = CustomerKey.fromBytes(bytes);
        await put('nul', Buffer.from('x'), { customerKey });
        expect((await get('nul', { customerKey })).body.toString()).toBe('x');
        expect((await raw('GET', 'nul', keyHeaders(bytes))).body.toString()).toBe('x');
      }
    });

    test.for(ODD_NAMES.map((object) => [JSON.stringify(object).slice(0, 40), object] as const))(
      'an object called %s',
      async ([, object]) => {
        const customerKey = CustomerKey.generate();
        await put(object, Buffer.from(object), { customerKey });
        const seen = await raw('GET', object, keyHeaders(customerKey.toBytes()));
        expect(seen.body.toString()).toBe(object);
        await raw('PUT', object, keyHeaders(key), Buffer.from('theirs'));
        const read = await get(object, { customerKey: CustomerKey.fromBytes(key) });
        expect(read.body.toString()).toBe('theirs');
      },
    );

    test('ranges', async () => {
      const customerKey = CustomerKey.generate();
      await put('range', Buffer.from('0123456789'), { customerKey });
      const read = await get('range', { customerKey, range: 'bytes=-3' });
      expect(read).toMatchObject({ body: Buffer.from('789'), size: 3, contentRange: 'bytes 7-9/10' });
      await expectError(get('range', { customerKey, range: 'bytes=10-' }), 'USAGE');
    });

    test('metadata and content type', async () => {
      const customerKey = CustomerKey.generate();
      const metadata = { author: 'me', 'two-words': 'a = b' };
      await put('metadata', Buffer.from('x'), { customerKey, metadata, contentType: 'text/x-mine' });
      const head = await raw('HEAD', 'metadata', keyHeaders(customerKey.toBytes()));
      expect(head.headers).toMatchObject({
        'content-type': 'text/x-mine',
        'x-amz-meta-author': 'me',
        'x-amz-meta-two-words': 'a = b',
      });
      const read = await get('metadata', { customerKey });
      expect(read).toMatchObject({ metadata, contentType: 'text/x-mine' });
    });

    test('an object that is there already', async () => {
      const customerKey = CustomerKey.generate();
      await put('once', Buffer.from('first'), { customerKey, noOverwrite: true });
      const again = put('once', Buffer.from('second'), { customerKey, noOverwrite: true });
      await expectError(again, 'TARGET_EXISTS');
      expect((await get('once', { customerKey })).body.toString()).toBe('first');
      await put('once', Buffer.from('third'), { customerKey });
      expect((await get('once', { customerKey })).body.toString()).toBe('third');
    });

    test('what the customer key is wrong about', async () => {
      const customerKey = CustomerKey.generate();
      await put('keys', Buffer.from('x'), { customerKey });
      await expectError(get('keys', { customerKey: CustomerKey.generate() }), 'KEY_MISMATCH');
      await expectError(get('keys', { customerKey: undefined }), 'KEY_MISSING');
      await raw('PUT', 'no-key', {}, Buffer.from('x'));
      await expectError(get('no-key', { customerKey }), 'KEY_NOT_NEEDED');
      const plain = await get('no-key', { customerKey: undefined });
      expect(plain).toMatchObject({ body: Buffer.from('x'), encrypted: false });
    });

    test('what is not there', async () => {
      const customerKey = CustomerKey.generate();
      await expectError(get('absent', { customerKey }), 'OBJECT_NOT_FOUND');
      await expectError(get('absent', { customerKey: undefined }), 'OBJECT_NOT_FOUND');
      const bucket = `ssec-absent-${randomBytes(8).toString('hex')}`;
      await expectError(put('x', Buffer.from('x'), { customerKey, bucket }), 'BUCKET_NOT_FOUND');
      await expectError(get('x', { customerKey, bucket }), 'BUCKET_NOT_FOUND');
    });

    test('credentials that are wrong', async () => {
      const customerKey = CustomerKey.generate();
      const { sessionToken: _token, ...credentials } = server.credentials;
      for (const wrong of [
        { ...credentials, secretAccessKey: 'wrong' },
        { ...credentials, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
      ]) {
        const stranger = openClient(wrong);
        await expectError(
          put('x', Buffer.from('x'), { customerKey, client: stranger }),
          'CREDENTIALS_INVALID',
        );
        stranger.close();
      }
    });
  });
}

async function expectError(work: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SsecError);
  expect(error).toMatchObject({ code });
}

/** Empties the prefix, page by page. */
async function removeObjects(server: ContractServer): Promise<void> {
  const sdk = plainClient(server);
  try {
    for (;;) {
      const page = await sdk.send(new ListObjectsV2Command({ Bucket: server.bucket, Prefix: server.prefix }));
      const objects = (page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
      if (objects.length === 0) return;
      await sdk.send(new DeleteObjectsCommand({ Bucket: server.bucket, Delete: { Objects: objects } }));
    }
  } finally {
    sdk.destroy();
  }
}
