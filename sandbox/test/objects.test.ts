import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { startChecksum } from '../src/checksum/checksum.ts';
import { send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();

const put = (name: string, body: Buffer | string, headers: Record<string, string> = {}) =>
  send(running(), { method: 'PUT', path: `/${bucket}/${name}`, body, headers });
const get = (name: string, headers: Record<string, string> = {}) =>
  send(running(), { method: 'GET', path: `/${bucket}/${name}`, headers });

function checksum(algorithm: Parameters<typeof startChecksum>[0], body: string): string {
  const state = startChecksum(algorithm);
  state.update(Buffer.from(body));
  return state.base64();
}

test('what is known of an object comes back', async () => {
  const given = {
    'content-type': 'image/jpeg',
    'content-encoding': 'aws-chunked,gzip',
    'cache-control': 'no-store',
    'content-disposition': 'attachment',
    'content-language': 'de',
    expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
    'x-amz-meta-colour': 'blue',
    'x-amz-storage-class': 'STANDARD_IA',
  };
  const written = await put('described', 'hello', given);
  expect(written.headers['etag']).toBe(`"${createHash('md5').update('hello').digest('hex')}"`);
  expect(written.headers['x-amz-server-side-encryption']).toBe('AES256');
  const read = await get('described');
  expect(read.headers).toMatchObject({ ...given, 'content-encoding': 'gzip', 'accept-ranges': 'bytes' });
  expect((await put('plain', '')).status).toBe(200);
  expect((await get('plain')).headers['content-type']).toBe('binary/octet-stream');
});

describe('checksums', () => {
  const body = 'checked';

  test.each(['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const)('%s', async (algorithm) => {
    const header = `x-amz-checksum-${algorithm}`;
    const value = checksum(algorithm, body);
    const written = await put('c', body, { [header]: value });
    expect([written.status, written.headers[header]]).toEqual([200, value]);
    expect(written.headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
    const wrong = await put('c', body, { [header]: checksum(algorithm, 'other') });
    expect([wrong.status, wrong.xml('Code'), wrong.xml('Message')]).toEqual([
      400,
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    ]);
    expect((await put('c', body, { [header]: 'x' })).xml('Code')).toBe('InvalidRequest');
    expect((await get('c')).headers[header]).toBeUndefined();
    const enabled = { 'x-amz-checksum-mode': 'ENABLED' };
    const read = await get('c', enabled);
    expect([read.headers[header], read.headers['x-amz-checksum-type']]).toEqual([value, 'FULL_OBJECT']);
    expect((await get('c', { ...enabled, range: 'bytes=0-1' })).headers[header]).toBeUndefined();
  });

  test('S3 adds CRC64NVME, of the plaintext', async () => {
    const key = sseC(randomBytes(32));
    const written = await put('n', body, key);
    expect(written.headers['x-amz-checksum-crc64nvme']).toBe(checksum('crc64nvme', body));
  });

  test.each([
    ['malformed', 'x', 'InvalidDigest'],
    ['of something else', createHash('md5').update('other').digest('base64'), 'BadDigest'],
  ])('Content-MD5 %s', async (_, value, code) => {
    for (const key of [{}, sseC(randomBytes(32))]) {
      const answer = await put('never', body, { 'content-md5': value, ...key });
      expect([answer.status, answer.xml('Code')]).toEqual([400, code]);
    }
    expect((await get('never')).status).toBe(404);
  });

  test('Content-MD5 that is right', async () => {
    const md5 = createHash('md5').update(body).digest('base64');
    expect((await put('m', body, { 'content-md5': md5 })).status).toBe(200);
  });

  test('two at once, or one only announced', async () => {
    const both = {
      'x-amz-checksum-crc32': checksum('crc32', body),
      'x-amz-checksum-sha1': checksum('sha1', body),
    };
    expect((await put('c', body, both)).xml('Code')).toBe('InvalidRequest');
    expect((await put('c', body, { 'x-amz-sdk-checksum-algorithm': 'CRC32' })).xml('Code')).toBe(
      'InvalidRequest',
    );
  });

  test('as a trailer of a chunked body', async () => {
    const value = (text: string) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(crc32(text));
      return bytes.toString('base64');
    };
    const upload = (crc: string, length = body.length) =>
      send(running(), {
        method: 'PUT',
        path: `/${bucket}/t`,
        body: `${body.length.toString(16)}\r\n${body}\r\n0\r\nx-amz-checksum-crc32:${crc}\r\n\r\n`,
        payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-trailer': 'x-amz-checksum-crc32',
          'x-amz-decoded-content-length': String(length),
          ...sseC(Buffer.alloc(32, 7)),
        },
      });
    const good = await upload(value(body));
    expect([good.status, good.headers['x-amz-checksum-crc32']]).toEqual([200, value(body)]);
    const read = await get('t', sseC(Buffer.alloc(32, 7)));
    expect([read.text, read.headers['content-encoding']]).toEqual([body, undefined]);
    const bad = await upload(value('other'));
    expect([bad.status, bad.xml('Code')]).toEqual([400, 'BadDigest']);
    expect((await upload(value(body), 6)).xml('Code')).toBe('IncompleteBody');
    expect((await upload(value(body), 8)).xml('Code')).toBe('IncompleteBody');
  });
});

describe('conditions', () => {
  test('on a write', async () => {
    await send(running(), { method: 'DELETE', path: `/${bucket}/w` });
    const absent = await put('w', '1', { 'if-match': '"x"' });
    expect([absent.status, absent.xml('Code')]).toEqual([404, 'NoSuchKey']);
    const first = await put('w', '1', { 'if-none-match': '*' });
    expect(first.status).toBe(200);
    const second = await put('w', '2', { 'if-none-match': '*' });
    expect([second.status, second.xml('Condition')]).toEqual([412, 'If-None-Match']);
    const etag = first.headers['etag'] ?? '';
    expect((await put('w', '3', { 'if-match': '"x"' })).xml('Condition')).toBe('If-Match');
    expect((await put('w', '3', { 'if-match': etag })).status).toBe(200);
    for (const headers of [
      { 'if-none-match': '"x"' },
      { 'if-match': '*' },
      { 'if-match': '"x"', 'if-none-match': '*' },
    ]) {
      const answer = await put('w', '4', headers);
      expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
      expect(answer.xml('Header')).toMatch(/^If-/);
    }
    expect((await get('w')).text).toBe('3');
  });

  test('on a read', async () => {
    const { headers } = await put('r', 'x');
    const etag = headers['etag'] ?? '';
    const written = (await get('r')).headers['last-modified'] ?? '';
    const past = 'Sat, 01 Jan 2000 00:00:00 GMT';
    const future = 'Thu, 01 Jan 2099 00:00:00 GMT';
    const cases: [Record<string, string>, number][] = [
      [{ 'if-match': etag }, 200],
      [{ 'if-match': '"x"' }, 412],
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': '"x"' }, 200],
      [{ 'if-modified-since': past }, 200],
      [{ 'if-modified-since': written }, 304],
      [{ 'if-modified-since': future }, 200],
      [{ 'if-unmodified-since': written }, 200],
      [{ 'if-unmodified-since': past, 'if-none-match': etag }, 412],
      [{ 'if-none-match': etag, 'if-modified-since': past }, 304],
      [{ 'if-none-match': etag.replaceAll('"', '') }, 304],
      [{ 'if-unmodified-since': past }, 412],
      [{ 'if-unmodified-since': future }, 200],
      [{ 'if-match': etag, 'if-unmodified-since': past }, 200],
      [{ 'if-none-match': '"x"', 'if-modified-since': future }, 200],
    ];
    for (const [condition, status] of cases) {
      expect([condition, (await get('r', condition)).status]).toEqual([condition, status]);
      const head = await send(running(), { method: 'HEAD', path: `/${bucket}/r`, headers: condition });
      expect([condition, head.status]).toEqual([condition, status]);
    }
  });

  test('on a delete', async () => {
    const { headers } = await put('d', 'x');
    const remove = (ifMatch: string) =>
      send(running(), { method: 'DELETE', path: `/${bucket}/d`, headers: { 'if-match': ifMatch } });
    expect((await remove('"x"')).status).toBe(412);
    expect((await remove(headers['etag'] ?? '')).status).toBe(204);
    expect((await remove('*')).status).toBe(404);
  });
});

test('ranges', async () => {
  await put('range', '0123456789');
  await put('empty', '');
  const cases: [string, string, number, string, string | undefined][] = [
    ['range', 'bytes=0-3', 206, '0123', 'bytes 0-3/10'],
    ['range', 'bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['range', 'bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['range', 'bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['range', 'bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['range', 'bytes=0-1,3-4', 200, '0123456789', undefined],
    ['range', 'bytes=3-1', 200, '0123456789', undefined],
    ['range', 'lines=0-1', 200, '0123456789', undefined],
  ];
  for (const [name, range, status, text, contentRange] of cases) {
    const answer = await get(name, { range });
    expect([range, answer.status, answer.text, answer.headers['content-range']]).toEqual([
      range,
      status,
      text,
      contentRange,
    ]);
  }
  for (const [name, range, size] of [
    ['range', 'bytes=10-', '10'],
    ['range', 'bytes=-0', '10'],
    ['empty', 'bytes=0-', '0'],
  ] as const) {
    const answer = await get(name, { range });
    expect([
      answer.status,
      answer.xml('Code'),
      answer.xml('ActualObjectSize'),
      answer.xml('RangeRequested'),
    ]).toEqual([416, 'InvalidRange', size, range]);
  }
  const head = await send(running(), {
    method: 'HEAD',
    path: `/${bucket}/range`,
    headers: { range: 'bytes=0-3' },
  });
  expect([head.status, head.headers['content-length']]).toEqual([206, '4']);
});

describe('object keys', () => {
  const keys = [
    '..',
    '../../etc/passwd',
    '/',
    '//',
    'a',
    'a/',
    'a/b',
    'a//b',
    './a',
    'ä ö\u{1f512}',
    'new\nline\u0001\u007f',
    '+ %2F&?=#',
    'x'.repeat(1024),
    '\u{1f512}'.repeat(256),
  ];

  test('every legal one works, beside the others', async () => {
    const encode = (key: string) =>
      [...Buffer.from(key)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    const key = randomBytes(32);
    for (const name of keys) expect((await put(encode(name), name, sseC(key))).status).toBe(200);
    for (const name of keys) expect((await get(encode(name), sseC(key))).text).toBe(name);
    const list = await send(running(), { method: 'GET', path: `/${bucket}?list-type=2&encoding-type=url` });
    const listed = [...list.text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, name = '']) =>
      decodeURIComponent(name.replaceAll('+', ' ')),
    );
    expect(listed).toEqual(expect.arrayContaining(keys));
    const sorted = [...listed].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listed).toEqual(sorted);
  });

  test('one of 1,025 bytes does not', async () => {
    const answer = await put('x'.repeat(1025), '');
    expect([answer.status, answer.xml('Code')]).toEqual([400, 'KeyTooLongError']);
  });
});
