import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const echoOf = (key: Buffer) => ({
  'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  'x-amz-server-side-encryption-customer-key-md5': createHash('md5').update(key).digest('base64'),
});
const noKeyMessage =
  'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.';

const put = (sandbox: Sandbox, name: string, body: Buffer | string, key?: Buffer) =>
  send(sandbox, {
    method: 'PUT',
    path: `/${bucket}/${name}`,
    body,
    headers: key === undefined ? {} : sseC(key),
  });
const get = (sandbox: Sandbox, name: string, headers: Record<string, string> = {}) =>
  send(sandbox, { method: 'GET', path: `/${bucket}/${name}`, headers });
const head = (sandbox: Sandbox, name: string, headers: Record<string, string> = {}) =>
  send(sandbox, { method: 'HEAD', path: `/${bucket}/${name}`, headers });

describe('objects under a customer key', () => {
  test.each([
    ['of 100,000 bytes', randomBytes(100_000), randomBytes(32)],
    ['empty', Buffer.alloc(0), randomBytes(32)],
    [
      'under a key that begins with NUL',
      randomBytes(1000),
      Buffer.concat([Buffer.alloc(4), randomBytes(28)]),
    ],
    ['under a key of NUL bytes', randomBytes(17), Buffer.alloc(32)],
  ])('%s', async (_, content, key) => {
    const sandbox = running();
    const written = await put(sandbox, 'o', content, key);
    expect(written.status).toBe(200);
    expect(written.headers).toMatchObject(echoOf(key));
    expect(written.headers['x-amz-server-side-encryption']).toBeUndefined();
    expect(written.headers['etag']).toMatch(/^"[0-9a-f]{32}"$/);
    expect(written.headers['etag']).not.toContain(createHash('md5').update(content).digest('hex'));

    const read = await get(sandbox, 'o', sseC(key));
    expect(read.status).toBe(200);
    expect(read.body).toEqual(content);
    expect(read.headers).toMatchObject({ ...echoOf(key), 'content-length': String(content.length) });
    expect(read.headers['etag']).toBe(written.headers['etag']);

    const without = await get(sandbox, 'o');
    expect([without.status, without.xml('Code'), without.xml('Message')]).toEqual([
      400,
      'InvalidRequest',
      noKeyMessage,
    ]);
    expect((await head(sandbox, 'o')).status).toBe(400);

    const other = await get(sandbox, 'o', sseC(randomBytes(32)));
    expect([other.status, other.xml('Code')]).toEqual([403, 'AccessDenied']);
    expect((await head(sandbox, 'o', sseC(randomBytes(32)))).status).toBe(403);
    expect((await head(sandbox, 'o', sseC(key))).headers).toMatchObject(echoOf(key));
  });

  test('the same content twice has two ETags', async () => {
    const key = randomBytes(32);
    const tags = [await put(running(), 'e', 'same', key), await put(running(), 'e', 'same', key)];
    expect(tags[0]?.headers['etag']).not.toBe(tags[1]?.headers['etag']);
  });

  test('any range is the plaintext range', async () => {
    const key = randomBytes(32);
    const content = randomBytes(5000);
    await put(running(), 'r', content, key);
    for (const [first, last] of [
      [0, 0],
      [15, 16],
      [16, 31],
      [17, 4999],
      [4990, 4999],
      [1000, 1001],
    ] as const) {
      const part = await get(running(), 'r', { ...sseC(key), range: `bytes=${first}-${last}` });
      expect(part.status).toBe(206);
      expect(part.body).toEqual(content.subarray(first, last + 1));
    }
  });

  test('a key for a plain object is refused', async () => {
    await put(running(), 'plain', 'x');
    const answer = await get(running(), 'plain', sseC(randomBytes(32)));
    expect([answer.status, answer.xml('Code'), answer.xml('Message')]).toEqual([
      400,
      'InvalidRequest',
      'The encryption parameters are not applicable to this object.',
    ]);
  });

  test('a missing object is missing, whatever the key', async () => {
    const answer = await get(running(), 'missing', sseC(randomBytes(32)));
    expect([answer.status, answer.xml('Code'), answer.xml('Key')]).toEqual([404, 'NoSuchKey', 'missing']);
  });

  test('deleting needs no key', async () => {
    await put(running(), 'gone', 'x', randomBytes(32));
    const answer = await send(running(), { method: 'DELETE', path: `/${bucket}/gone` });
    expect(answer.status).toBe(204);
    expect((await get(running(), 'gone')).status).toBe(404);
  });
});

describe('switches', () => {
  test('echo: false sends no SSE-C headers, and encrypts', () =>
    withSandbox({ echo: false }, async (sandbox) => {
      const key = randomBytes(32);
      const answers = [await put(sandbox, 'o', 'x', key), await get(sandbox, 'o', sseC(key))];
      for (const answer of answers) {
        expect(answer.status).toBe(200);
        expect(Object.keys(answer.headers).join()).not.toContain('server-side-encryption');
      }
      expect((await get(sandbox, 'o')).status).toBe(400);
    }));

  test('ignore: the headers are taken and nothing comes of them', () =>
    withSandbox({ sseC: 'ignore' }, async (sandbox) => {
      const written = await put(sandbox, 'o', 'open', randomBytes(32));
      expect(written.status).toBe(200);
      expect(Object.keys(written.headers).join()).not.toContain('server-side-encryption');
      expect((await get(sandbox, 'o')).text).toBe('open');
      expect((await get(sandbox, 'o', sseC(randomBytes(32)))).text).toBe('open');
    }));

  test('refuse: 501 on any SSE-C header', () =>
    withSandbox({ sseC: 'refuse' }, async (sandbox) => {
      const answer = await put(sandbox, 'o', 'x', randomBytes(32));
      expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
      expect((await put(sandbox, 'o', 'x')).status).toBe(200);
    }));
});

describe('a bucket that blocks SSE-C', () => {
  const phrase = 'because this bucket has blocked upload requests that specify Server Side Encryption';

  test('refuses writes with a key before it looks at the key', () =>
    withSandbox({ blockSseC: true }, async (sandbox) => {
      const headers = { ...sseC(randomBytes(32)), 'x-amz-server-side-encryption-customer-key-md5': 'x' };
      const answer = await send(sandbox, { method: 'PUT', path: `/${bucket}/o`, body: 'x', headers });
      expect([answer.status, answer.xml('Code')]).toEqual([403, 'AccessDenied']);
      expect(answer.text).toContain(phrase);
      expect((await put(sandbox, 'o', 'x')).status).toBe(200);
    }));

  test('goes on to serve what it holds', async () => {
    const key = randomBytes(32);
    const sandbox = running();
    await sandbox.createBucket('later-blocked');
    const path = '/later-blocked/o';
    await send(sandbox, { method: 'PUT', path, body: 'x', headers: sseC(key) });
    const body =
      '<ServerSideEncryptionConfiguration><Rule><BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>';
    const md5 = createHash('md5').update(body).digest('base64');
    const blocked = await send(sandbox, {
      method: 'PUT',
      path: '/later-blocked?encryption',
      body,
      headers: { 'content-md5': md5 },
    });
    expect(blocked.status).toBe(200);
    expect((await send(sandbox, { method: 'PUT', path, body: 'y', headers: sseC(key) })).status).toBe(403);
    expect((await send(sandbox, { method: 'GET', path, headers: sseC(key) })).text).toBe('x');
  });
});

test('the folder holds neither the plaintext nor the key', () =>
  withSandbox({}, async (sandbox) => {
    const key = randomBytes(32);
    const plaintext = 'a sentence that must not lie about '.repeat(2000);
    await put(sandbox, 'secret', plaintext, key);

    const files = readdirSync(sandbox.dir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const bytes = readFileSync(join(file.parentPath, file.name));
      expect(bytes.includes('must not lie about')).toBe(false);
      expect(bytes.includes(key)).toBe(false);
      const text = bytes.toString('latin1').toLowerCase();
      for (const form of [
        key.toString('base64'),
        key.toString('hex'),
        echoOf(key)['x-amz-server-side-encryption-customer-key-md5'],
      ]) {
        expect(text).not.toContain(form.toLowerCase().slice(0, 16));
      }
    }
  }));
