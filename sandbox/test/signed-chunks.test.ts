import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startChecksum } from '../src/checksum/checksum.ts';
import {
  type RawRequest,
  type RawResponse,
  send,
  sendHeaders,
  signedHeaders,
  sseC,
} from './support/raw-request.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';
import { signChunks } from './support/signed-chunks.ts';

const made = new Date(Date.UTC(2013, 4, 24));
/** With the credentials of AWS's example, on the day of AWS's example. */
const running = runningSandbox({
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  clockSkewMs: made.getTime() - Date.now(),
});

const plainKind = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
const trailerKind = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
const chunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a')];
const content = Buffer.concat(chunks);
const crc32c = 'sOO8/Q==';
const trailer = `x-amz-checksum-crc32c:${crc32c}`;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html */
const example = {
  method: 'PUT',
  path: '/examplebucket/chunkObject.txt',
  date: made,
  headers: {
    host: 's3.amazonaws.com',
    'content-encoding': 'aws-chunked',
    'x-amz-decoded-content-length': '66560',
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  },
};

describe("AWS's example, from the head to the trailer", () => {
  const read = async () => {
    const headers = { 'x-amz-checksum-mode': 'ENABLED' };
    return send(running(), { method: 'GET', path: example.path, headers, date: made });
  };

  test('without a trailer', async () => {
    await running().createBucket('examplebucket');
    const raw = {
      ...example,
      headers: { ...example.headers, 'content-length': '66824' },
      payloadHash: plainKind,
    };
    const headers = signedHeaders(running(), raw);
    const { body, signatures } = signChunks(running(), { headers, chunks });
    expect(signatures).toEqual([
      '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ]);
    expect(body.length).toBe(66_824);
    expect((await sendHeaders(running(), { ...raw, body }, headers)).status).toBe(200);
    const found = await read();
    expect(found.body.equals(content)).toBe(true);
    expect(found.headers['x-amz-storage-class']).toBe('REDUCED_REDUNDANCY');
    expect(found.headers['content-encoding']).toBeUndefined();
  });

  test('with one', async () => {
    await running().createBucket('examplebucket');
    const raw = {
      ...example,
      headers: { ...example.headers, 'x-amz-trailer': 'x-amz-checksum-crc32c' },
      payloadHash: trailerKind,
    };
    const headers = signedHeaders(running(), raw);
    const { body, signatures } = signChunks(running(), { headers, chunks, trailer });
    expect(signatures).toEqual([
      '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
      'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
    ]);
    const written = await sendHeaders(running(), { ...raw, body }, headers);
    expect([written.status, written.headers['x-amz-checksum-crc32c']]).toEqual([200, crc32c]);
    const found = await read();
    expect(found.body.equals(content)).toBe(true);
    expect(found.headers['x-amz-checksum-crc32c']).toBe(crc32c);
  });
});

interface Upload {
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly trailer?: string;
  readonly chunks?: readonly Buffer[];
  /** What is done to the body on its way. */
  readonly change?: (body: string) => string;
}

function put({ name, change, ...upload }: Upload): Promise<RawResponse> {
  const raw: RawRequest = {
    method: 'PUT',
    path: `/${bucket}/${name}`,
    date: made,
    payloadHash: upload.trailer === undefined ? plainKind : trailerKind,
    headers: {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': String(content.length),
      ...(upload.trailer === undefined ? {} : { 'x-amz-trailer': upload.trailer.split(':')[0] ?? '' }),
      ...upload.headers,
    },
  };
  const headers = signedHeaders(running(), raw);
  const { body } = signChunks(running(), { chunks, ...upload, headers });
  const sent = change === undefined ? body : Buffer.from(change(body.toString('latin1')), 'latin1');
  return sendHeaders(running(), { ...raw, body: sent }, headers);
}

const get = (name: string, headers: Readonly<Record<string, string>> = {}) =>
  send(running(), { method: 'GET', path: `/${bucket}/${name}`, headers, date: made });
/** Of the nth signature the last digit. */
const spoil = (nth: number) => (body: string) => {
  let count = 0;
  return body.replace(/-signature[=:]\w{64}/g, (found) =>
    ++count === nth ? found.replace(/.$/, (last) => (last === '0' ? '1' : '0')) : found,
  );
};

test('under a customer key: what is sealed is the content, without the chunks', async () => {
  const key = sseC(randomBytes(32));
  const checksum = startChecksum('crc32');
  checksum.update(content);
  const sealed = await put({
    name: 'sealed',
    headers: key,
    trailer: `x-amz-checksum-crc32:${checksum.base64()}`,
  });
  expect(sealed.status).toBe(200);
  expect((await get('sealed', key)).body.equals(content)).toBe(true);
});

describe('refused, and nothing is stored', () => {
  test.each([
    ['the first chunk was signed otherwise', { change: spoil(1) }, 403, 'SignatureDoesNotMatch'],
    ['the last chunk with content', { change: spoil(2) }, 403, 'SignatureDoesNotMatch'],
    ['the empty chunk', { change: spoil(3) }, 403, 'SignatureDoesNotMatch'],
    ['the trailer', { trailer, change: spoil(4) }, 403, 'SignatureDoesNotMatch'],
    ['a byte was changed', { change: (body) => body.replace('aaaa', 'aaba') }, 403, 'SignatureDoesNotMatch'],
    [
      'there is no last chunk',
      { change: (body) => body.slice(0, body.lastIndexOf('0;chunk-')) },
      400,
      'IncompleteBody',
    ],
    ['its end is missing', { change: (body) => body.slice(0, -2) }, 400, 'IncompleteBody'],
    ['a chunk is missing', { chunks: chunks.slice(1) }, 400, 'IncompleteBody'],
    ['there is one too many', { chunks: [content, content] }, 400, 'IncompleteBody'],
    ['the trailer is of another content', { trailer: 'x-amz-checksum-crc32c:AAAAAA==' }, 400, 'BadDigest'],
    ['the trailer is no checksum', { trailer: 'x-amz-checksum-crc32c:AAAA' }, 400, 'InvalidRequest'],
    [
      'the trailer has no signature',
      { trailer, change: (body) => body.replace(/x-amz-trailer-signature.*\r\n/, '') },
      400,
      'MalformedTrailerError',
    ],
    [
      'the trailer is another one',
      { trailer, headers: { 'x-amz-trailer': 'x-amz-checksum-sha1' } },
      400,
      'MalformedTrailerError',
    ],
  ] as const satisfies readonly (readonly [string, Omit<Upload, 'name'>, number, string])[])(
    '%s',
    async (_, upload, status, code) => {
      const answer = await put({ name: 'refused', ...upload });
      expect([answer.status, answer.xml('Code')]).toEqual([status, code]);
      if (code === 'BadDigest') {
        expect(answer.xml('Message')).toBe('The CRC32C you specified did not match the calculated checksum.');
      }
      expect((await get('refused')).status).toBe(404);
    },
  );

  test('the seed is that of the head: another head, other chunks', async () => {
    const raw: RawRequest = {
      method: 'PUT',
      path: `/${bucket}/refused`,
      date: made,
      payloadHash: plainKind,
      headers: { 'x-amz-decoded-content-length': String(content.length) },
    };
    const { body } = signChunks(running(), {
      headers: signedHeaders(running(), { ...raw, path: `/${bucket}/other` }),
      chunks,
    });
    const answer = await sendHeaders(running(), { ...raw, body }, signedHeaders(running(), raw));
    expect([answer.status, answer.xml('Code')]).toEqual([403, 'SignatureDoesNotMatch']);
  });
});
