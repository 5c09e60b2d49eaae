import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { send, sendHeaders, signedHeaders } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();

describe('never a wrong success', () => {
  test.each([
    ['PUT', '/a?acl', {}],
    ['PUT', '/a?partNumber=1', {}],
    ['DELETE', '/a?uploadId=x', { 'x-amz-if-match-initiated-time': 'x' }],
    ['GET', '/a?response-content-type=text%2Fplain', {}],
    ['GET', '?list-type=3', {}],
    ['GET', '?unheard-of', {}],
    ['PUT', '/a', { 'x-amz-copy-source-range': 'bytes=0-1' }],
    ['PUT', '/a', { 'x-amz-acl': 'public-read' }],
    ['PUT', '/a', { 'x-amz-object-lock-mode': 'GOVERNANCE' }],
    ['PUT', '/a', { 'x-amz-server-side-encryption': 'aws:kms' }],
    ['PUT', '/a', { 'x-amz-checksum-xxhash64': 'x' }],
    ['PUT', '/a', { 'x-amz-unheard-of': 'x' }],
    ['DELETE', '/a', { 'x-amz-if-match-size': '1' }],
  ])('%s %s %o is answered with 501', async (method, path, headers) => {
    const answer = await send(running(), { method, path: `/${bucket}${path}`, headers });
    expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
  });

  test.each([
    ['no such bucket', { method: 'GET', path: '/no-such-bucket/a' }, 404, 'NoSuchBucket'],
    ['invalid UTF-8', { method: 'GET', path: `/${bucket}/%ff` }, 400, 'InvalidURI'],
    [
      'the wrong owner',
      { method: 'GET', path: `/${bucket}/a`, headers: { 'x-amz-expected-bucket-owner': '1' } },
      403,
      'AccessDenied',
    ],
    [
      'too much metadata',
      { method: 'PUT', path: `/${bucket}/a`, headers: { 'x-amz-meta-a': 'x'.repeat(2048) } },
      400,
      'MetadataTooLarge',
    ],
  ] as const)('%s', async (_, raw, status, code) => {
    const answer = await send(running(), raw);
    expect([answer.status, answer.xml('Code')]).toEqual([status, code]);
  });

  test('archived objects are not read', async () => {
    const path = `/${bucket}/cold`;
    const headers = { 'x-amz-storage-class': 'GLACIER' };
    expect((await send(running(), { method: 'PUT', path, body: 'x', headers })).status).toBe(200);
    const answer = await send(running(), { method: 'GET', path });
    expect([answer.status, answer.xml('Code')]).toEqual([403, 'InvalidObjectState']);
  });
});

describe('before the body', () => {
  /** Sends the head of a request and gives back the first bytes of the answer. */
  function firstAnswer(headers: Record<string, string>, path = `/${bucket}/big`): Promise<string> {
    const sandbox = running();
    const signed = signedHeaders(sandbox, {
      method: 'PUT',
      path,
      payloadHash: 'UNSIGNED-PAYLOAD',
      headers,
    });
    const lines = Object.entries(signed).map(([name, value]) => `${name}: ${value}`);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: sandbox.port, ca: sandbox.caPem }, () => {
        socket.write(`PUT ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      });
      socket.once('data', (data) => {
        resolve(data.toString());
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  test('a client that waits for 100 Continue gets it', async () => {
    expect(await firstAnswer({ expect: '100-continue', 'content-length': '5' })).toMatch(/^HTTP\/1.1 100 /);
  });

  test('or the error, and the end of the connection', async () => {
    const answer = await firstAnswer({ expect: '100-continue', 'content-length': '5' }, '/no-such-bucket/a');
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  test.each([
    ['before the body', `/no-such-bucket/a`, Buffer.alloc(8_000_000), 'NoSuchBucket'],
    [
      'in its middle',
      `/${bucket}/a`,
      Buffer.concat([Buffer.from('zz\r\n'), Buffer.alloc(8_000_000)]),
      'InvalidRequest',
    ],
  ])('an error %s is read by a client that sends everything first', async (_, path, body, code) => {
    const answer = await send(running(), {
      method: 'PUT',
      path,
      body,
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: { 'x-amz-decoded-content-length': '8000000' },
    });
    expect(answer.xml('Code')).toBe(code);
  });

  test('more than 5 GiB is too much', async () => {
    const answer = await firstAnswer({ 'content-length': String(5 * 1024 ** 3 + 1) });
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('EntityTooLarge');
  });

  test('how long it is must be said', async () => {
    const chunked = await firstAnswer({ 'transfer-encoding': 'chunked' });
    expect(chunked).toMatch(/^HTTP\/1.1 501 /);
    const raw = {
      method: 'PUT',
      path: `/${bucket}/a`,
      body: '',
      payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    };
    const answer = await sendHeaders(running(), raw, signedHeaders(running(), raw));
    expect([answer.status, answer.xml('Code')]).toEqual([411, 'MissingContentLength']);
  });
});

describe('a callback that throws', () => {
  const fail = (): never => {
    throw new Error('seen too much');
  };

  test.each([
    ['at once', fail],
    ['later', async () => fail()],
  ])('%s: the client is told, and the sandbox goes on', async (_, onFirst) => {
    let calls = 0;
    const onRequest = () => (++calls <= 2 ? onFirst() : undefined);
    await withSandbox({ onRequest }, async (sandbox) => {
      const path = `/${bucket}/a`;
      const told = await send(sandbox, { method: 'PUT', path, body: 'x' });
      expect([told.status, told.xml('Code'), told.xml('Message')]).toEqual([
        500,
        'InternalError',
        'onRequest threw: seen too much',
      ]);
      // Its answer holds an open file.
      expect((await send(sandbox, { method: 'GET', path })).status).toBe(500);
      expect((await send(sandbox, { method: 'GET', path })).text).toBe('x');
    });
  });
});
