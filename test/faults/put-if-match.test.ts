import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test, vi } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { s3Error } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed } from './sandboxed.ts';
import { customerKey, faulty, putFile } from './support.ts';
import { content, nowhere, put, storedBytes } from './upload.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const small = content.subarray(0, 1000);
const otherKey = CustomerKey.generate();

/** Somebody else's hand; returns the ETag. */
async function write(world: World, body: Uint8Array, key = otherKey): Promise<string> {
  const { ETag: etag = '' } = await world.plain.send(
    new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'k',
      Body: body,
      ChecksumAlgorithm: 'CRC32',
      ...key.requestFields(),
    }),
  );
  return etag;
}

const remove = (world: World) => world.plain.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'k' }));

const conditions = (world: World, operation: string): readonly (string | undefined)[] =>
  world.requests
    .filter((request) => request.operation === operation)
    .map(({ headers }) => headers['if-match']);

const changed = {
  code: 'OBJECT_CHANGED',
  message: 's3://bucket/k is another by now: somebody else wrote it meanwhile.',
};

describe('If-Match on a put in one request', () => {
  test('replaces the object that was meant, under another key', async () => {
    const world = await sandboxed();
    const etag = await write(world, small);
    expect(await putFile(world.client, small, { ifMatch: etag })).toMatchObject({ proof: 'CRC32' });
    expect((await storedBytes(world)).equals(small)).toBe(true);
  });

  test('leaves another one as it is', async () => {
    const world = await sandboxed();
    const etag = await write(world, small);
    await write(world, Buffer.from('meanwhile'));
    expect(await rejected(putFile(world.client, small, { ifMatch: etag }))).toMatchObject(changed);
    expect((await storedBytes(world, 'k', otherKey)).toString()).toBe('meanwhile');
    // it was not tried twice, so nobody looks for ours
    expect(world.count('HeadObject')).toBe(0);
  });

  test('finds one that is gone', async () => {
    const world = await sandboxed();
    const etag = await write(world, small);
    await remove(world);
    const error = await rejected(putFile(world.client, small, { ifMatch: etag }));
    expect(error.code).toBe('OBJECT_NOT_FOUND');
  });

  test.each([
    ['under a key', customerKey],
    ['without one', undefined],
  ])('%s, the first answer is lost, and the second try meets what the first wrote', async (_name, key) => {
    const world = await sandboxed({ faults: ['drop-answer PutObject after 1 requests'] }, { maxAttempts: 2 });
    const etag = await write(world, small);
    const result = await putFile(world.client, small, { customerKey: key, ifMatch: etag });
    expect(result).toMatchObject({ proof: 'CRC32', etag: expect.not.stringContaining(etag) });
    expect([world.count('PutObject'), world.count('HeadObject')]).toEqual([3, 1]);
  });

  test('the first try failed, and the second meets what somebody else wrote', async () => {
    const world = await sandboxed(
      {
        faults: ['fail PutObject 503 SlowDown after 1 requests'],
        onRequest: async ({ operation, status }) => {
          if (operation === 'PutObject' && status === 503) await write(world, Buffer.alloc(small.length));
        },
      },
      { maxAttempts: 2 },
    );
    const etag = await write(world, small);
    expect(await rejected(putFile(world.client, small, { ifMatch: etag }))).toMatchObject(changed);
  });

  test.each([
    [409, 'ConditionalRequestConflict', 'OBJECT_CHANGED'],
    [404, 'NoSuchKey', 'OBJECT_NOT_FOUND'],
    [501, 'NotImplemented', 'NOT_SUPPORTED'],
  ])('%i %s', async (status, serviceCode, code) => {
    const { client } = await faulty([s3Error(status, serviceCode)]);
    const error = await rejected(putFile(client, small, { ifMatch: '"e"' }));
    expect(error).toMatchObject({ code, context: { status, serviceCode } });
    expect([error.message, ...error.hints].join()).not.toContain('no-overwrite');
  });

  test('a permission that lacks may be that to read', async () => {
    const { client } = await faulty([s3Error(403, 'AccessDenied')]);
    const error = await rejected(putFile(client, small, { customerKey: undefined, ifMatch: '"e"' }));
    expect(error.hints[0]).toBe('ask for s3:PutObject and s3:GetObject, which If-Match needs');
  });

  test('no answer: nobody is told to delete what was there before', async () => {
    const { client } = await faulty([{ status: 0, unanswered: true }], { maxAttempts: 1 });
    const error = await rejected(putFile(client, small, { ifMatch: '"e"' }));
    expect(error.code).toBe('NETWORK');
    expect(error.hints.join()).toContain('may be written all the same: its ETag tells');
    expect(error.hints.join()).not.toContain('delete');
  });
});

describe('If-Match on an upload in parts', () => {
  test('goes with Complete alone, and replaces the object that was meant', async () => {
    const world = await sandboxed();
    const etag = await write(world, small);
    expect(await put(world, { ifMatch: etag })).toMatchObject({ size: content.length, proof: 'CRC32' });
    expect(conditions(world, 'CompleteMultipartUpload')).toEqual([etag.replaceAll('"', '')]);
    expect(conditions(world, 'CreateMultipartUpload')).toEqual([undefined]);
    expect((await storedBytes(world)).equals(content)).toBe(true);
  });

  test.each([
    ['with other bytes', Buffer.from('meanwhile')],
    ['with the same bytes', small],
  ])('somebody wrote the object %s while it went up', async (_name, body) => {
    const world = await sandboxed({
      onRequest: async ({ operation }) => {
        if (operation === 'UploadPart' && world.count('UploadPart') === 4) await write(world, body);
      },
    });
    const etag = await write(world, small);
    expect(await rejected(put(world, { ifMatch: etag }))).toMatchObject(changed);
    expect((await storedBytes(world, 'k', otherKey)).equals(body)).toBe(true);
    expect(await world.uploads()).toEqual([]);
    expect(world.journals()).toEqual([]);
  });

  test.each([
    [412, 'PreconditionFailed', 'OBJECT_CHANGED'],
    [409, 'ConditionalRequestConflict', 'OBJECT_CHANGED'],
    [404, 'NoSuchKey', 'OBJECT_NOT_FOUND'],
  ])('Complete says %i %s', async (status, serviceCode, code) => {
    const world = await sandboxed({ faults: [`fail CompleteMultipartUpload ${status} ${serviceCode}`] });
    const etag = await write(world, small);
    expect((await rejected(put(world, { ifMatch: etag, journal: nowhere }))).code).toBe(code);
    expect(await world.uploads()).toEqual([]);
  });

  test('the answer to Complete is lost, and the next try is refused for the condition', async () => {
    const world = await sandboxed(
      {
        faults: [
          'drop-answer CompleteMultipartUpload',
          'fail CompleteMultipartUpload 412 PreconditionFailed',
        ],
      },
      { maxAttempts: 2 },
    );
    const etag = await write(world, small);
    expect(await put(world, { ifMatch: etag })).toMatchObject({ proof: 'CRC32' });
    expect((await storedBytes(world)).equals(content)).toBe(true);
  });

  test.each([
    ['says so', { status: 412 }, 'OBJECT_CHANGED'],
    ['shows another ETag', { status: 200, headers: { etag: '"other"' } }, 'OBJECT_CHANGED'],
    ['finds nothing', { status: 404 }, 'OBJECT_NOT_FOUND'],
  ])('a look before it %s: nothing is sent', async (_name, answer, code) => {
    const { server, client } = await faulty([answer]);
    expect((await rejected(putFile(client, content, { ifMatch: 'e' }))).code).toBe(code);
    expect(server.requests.map(({ method, headers }) => [method, headers['if-match']])).toEqual([
      ['HEAD', '"e"'],
    ]);
  });

  test('a server that ignores the condition on Complete: a look before it finds the change', async () => {
    let looks = 0;
    const { server, client } = await faulty(({ method, path }) => {
      if (method === 'HEAD') return { status: looks++ === 0 ? 400 : 412 };
      if (method === 'DELETE') return { status: 204 };
      const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
      if (path.includes('?uploads')) return { status: 200, body: created };
      return { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"' } };
    });
    const error = await rejected(putFile(client, content, { customerKey: undefined, ifMatch: '"e"' }));
    expect(error).toMatchObject(changed);
    expect(server.requests.at(-1)?.method).toBe('DELETE');
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('one that was interrupted goes on for the same ETag, and begins anew for another', async () => {
    const world = await sandboxed({ faults: ['fail CompleteMultipartUpload 503 SlowDown x2'] });
    const first = await write(world, small);
    await rejected(put(world, { ifMatch: first }));
    await rejected(put(world, { ifMatch: first, client: world.again() }));
    expect(world.count('CreateMultipartUpload')).toBe(1);
    const second = await write(world, small);
    const notices: string[] = [];
    const onNotice = (notice: string) => void notices.push(notice);
    expect(await put(world, { ifMatch: second, client: world.again(), onNotice })).toMatchObject({
      proof: 'CRC32',
    });
    expect(notices.join()).toContain('the object has been written since');
    expect(world.count('CreateMultipartUpload')).toBe(2);
  });
});
