import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { RawUpload } from './support/multipart.ts';
import { send, sseC } from './support/raw-request.ts';
import { bucket, withSandbox } from './support/running-sandbox.ts';

const one = sseC(randomBytes(32));
const other = sseC(randomBytes(32));
const ofSource = Object.fromEntries(
  Object.entries(one).map(([name, value]) => [name.replace(/^x-amz-/, 'x-amz-copy-source-'), value]),
);
const sealed = { 'x-amz-copy-source': `${bucket}/sealed` };
const plain = { 'x-amz-copy-source': `${bucket}/plain` };

const put = (sandbox: Sandbox, name: string, headers: Record<string, string>, body?: string) =>
  send(sandbox, {
    method: 'PUT',
    path: `/${bucket}/${name}`,
    headers,
    ...(body === undefined ? {} : { body }),
  });
const get = (sandbox: Sandbox, path: string, headers: Record<string, string> = {}) =>
  send(sandbox, { method: 'GET', path: `/${bucket}/${path}`, headers });

async function fill(sandbox: Sandbox): Promise<void> {
  await put(sandbox, 'sealed', one, 'content');
  await put(sandbox, 'plain', {}, 'content');
}

describe('copies', () => {
  test("'refuse': with a key on either side, and no others", () =>
    withSandbox({ copies: 'refuse' }, async (sandbox) => {
      await fill(sandbox);
      const upload = new RawUpload(sandbox, 'parts');
      await upload.create(other);
      for (const answer of [
        await put(sandbox, 'copy', { ...sealed, ...ofSource, ...other }),
        await put(sandbox, 'copy', { ...sealed, ...ofSource }),
        await put(sandbox, 'copy', { ...plain, ...other }),
        await upload.part(1, '', { ...sealed, ...ofSource, ...other }),
      ]) {
        expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
      }
      expect((await get(sandbox, 'copy', other)).status).toBe(404);
      expect((await put(sandbox, 'copy', plain)).status).toBe(200);
    }));

  test.each([
    ['plain', plain],
    ['sealed', { ...sealed, ...ofSource }],
  ])("'ignore': what was %s is stored plain, and no key is echoed", (_, source) =>
    withSandbox({ copies: 'ignore' }, async (sandbox) => {
      await fill(sandbox);
      const answer = await put(sandbox, 'copy', { ...source, ...other });
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.headers).join()).not.toContain('encryption');
      expect((await get(sandbox, 'copy')).text).toBe('content');
      // A key that is wrong in itself is still refused.
      expect((await put(sandbox, 'copy', { ...source, ...sseC(randomBytes(31)) })).status).toBe(400);
    }),
  );

  test("'ignore': parts are encrypted", () =>
    withSandbox({ copies: 'ignore' }, async (sandbox) => {
      await fill(sandbox);
      const upload = new RawUpload(sandbox, 'parts');
      await upload.create(other);
      const part = await upload.part(1, '', { ...sealed, ...ofSource, ...other });
      expect(Object.keys(part.headers).join()).not.toContain('encryption');
      upload.etags.set(1, (part.xml('ETag') ?? '').replaceAll('&quot;', ''));
      expect((await upload.complete()).status).toBe(200);
      expect((await get(sandbox, 'parts')).status).toBe(400);
      expect((await get(sandbox, 'parts', other)).text).toBe('content');
    }));
});

describe('GetObjectAttributes', () => {
  const wanted = { ...one, 'x-amz-object-attributes': 'ObjectSize' };

  test("'refuse': 501", () =>
    withSandbox({ attributes: 'refuse' }, async (sandbox) => {
      await fill(sandbox);
      const answer = await get(sandbox, 'sealed?attributes=', wanted);
      expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
    }));

  test("'ignore': the object itself", () =>
    withSandbox({ attributes: 'ignore' }, async (sandbox) => {
      await fill(sandbox);
      const answer = await get(sandbox, 'sealed?attributes=', wanted);
      expect([answer.status, answer.text]).toEqual([200, 'content']);
      expect((await get(sandbox, 'sealed?attributes=', other)).status).toBe(403);
    }));
});
