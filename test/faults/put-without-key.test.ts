import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test, vi } from 'vitest';
import { crc32Base64, updateCrc32 } from '../../src/transfer/checksum.ts';
import {
  type WireAnswer,
  type WireHandler,
  type WireRequest,
  s3Error,
  sseCHeaders,
} from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed } from './sandboxed.ts';
import { customerKey, faulty, putFile } from './support.ts';
import { content, partSize, partsSent, put } from './upload.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const small = content.subarray(0, 1000);
const withoutKey = { customerKey: undefined };
const crc32 = crc32Base64(updateCrc32(0, small));

/** What an answer says of a key that nobody sent. */
const stray = {
  'x-amz-server-side-encryption-customer-algorithm': 'AES256',
  'x-amz-server-side-encryption-customer-key-md5': customerKey.md5,
};

/** It is there, as whoever has no key gets it, under the bucket's own encryption; no request had a key. */
async function expectPlain(world: World, bytes: Uint8Array): Promise<void> {
  const { Body: body } = await world.plain.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k' }));
  expect(Buffer.from((await body?.transformToByteArray()) ?? []).equals(bytes)).toBe(true);
  const head = await world.plain.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' }));
  expect([head.SSECustomerAlgorithm, head.ServerSideEncryption]).toEqual([undefined, 'AES256']);
  for (const { headers } of world.requests)
    expect(Object.keys(headers).filter((name) => name.includes('customer'))).toEqual([]);
  expect(await world.uploads()).toEqual([]);
  expect(world.journals()).toEqual([]);
}

const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
const completed = '<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>';

type Step = 'Create' | 'Part' | 'Complete' | 'Head' | 'Abort';

function stepOf({ method, path }: WireRequest): Step {
  if (method === 'POST') return path.includes('?uploads') ? 'Create' : 'Complete';
  return method === 'PUT' ? 'Part' : method === 'HEAD' ? 'Head' : 'Abort';
}

/** A server that says neither ETag nor checksum of what it completes. */
const inParts =
  (twists: Partial<Record<Step, WireAnswer>> = {}): WireHandler =>
  (request) => {
    const step = stepOf(request);
    const answer: Record<Step, WireAnswer> = {
      Create: { status: 200, body: created },
      Part: { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"' } },
      Complete: { status: 200, body: completed },
      Head: { status: 200, headers: { 'content-length': String(content.length), etag: '"e-4"' } },
      Abort: { status: 204 },
    };
    const twist = twists[step];
    const { headers, ...rest } = twist ?? {};
    return { ...answer[step], ...rest, headers: { ...answer[step].headers, ...headers } };
  };

describe('a put without a key', () => {
  test('is stored as the bucket encrypts', async () => {
    const world = await sandboxed();
    const result = await putFile(world.client, small, withoutKey);
    expect(result).toMatchObject({ size: small.length, proof: 'CRC32' });
    await expectPlain(world, small);
  });

  test('replaces an object that has one', async () => {
    const world = await sandboxed();
    await putFile(world.client, small);
    world.requests.length = 0;
    await putFile(world.client, small, withoutKey);
    await expectPlain(world, small);
  });

  test('in parts, too', async () => {
    const world = await sandboxed();
    const headers = { cacheControl: 'no-store', expires: 'some day' };
    const result = await put(world, { ...withoutKey, headers });
    expect(result).toMatchObject({ size: content.length, proof: 'CRC32' });
    expect(world.count('CreateMultipartUpload')).toBe(1);
    // Complete said it all
    expect(world.count('HeadObject')).toBe(0);
    await expectPlain(world, content);
    const head = await world.plain.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' }));
    expect([head.CacheControl, head.ExpiresString]).toEqual(['no-store', 'some day']);
  });

  test('in parts, on a server that says little: not one header of SSE-C on the wire', async () => {
    const { server, client } = await faulty(inParts());
    expect(await putFile(client, content, { ...withoutKey, partSize })).toMatchObject({
      etag: '"e-4"',
      proof: 'MD5',
    });
    expect(new Set(server.requests.map(stepOf))).toEqual(new Set(['Create', 'Part', 'Complete', 'Head']));
    for (const request of server.requests) expect(sseCHeaders(request)).toEqual({});
  });

  test('that may be written and not read has no key to prove', async () => {
    const { client } = await faulty(inParts({ Head: { status: 403 } }));
    expect((await putFile(client, content, { ...withoutKey, partSize })).proof).toBe('MD5');
  });

  test('whose answer is lost is found', async () => {
    const world = await sandboxed({ faults: ['drop-answer PutObject'] }, { maxAttempts: 2 });
    const result = await putFile(world.client, small, { ...withoutKey, noOverwrite: true });
    expect(result).toMatchObject({ proof: 'CRC32', checksum: { value: crc32 } });
    expect(world.count('HeadObject')).toBe(1);
    await expectPlain(world, small);
  });

  test('whose answer is lost, and the object is under a key: it is not ours', async () => {
    const world = await sandboxed(
      {
        faults: ['drop-answer PutObject'],
        onRequest: async ({ operation, headers }) => {
          if (operation !== 'PutObject' || headers['if-none-match'] === undefined) return;
          if (world.count('PutObject') > 1) return;
          await world.plain.send(
            new PutObjectCommand({
              Bucket: 'bucket',
              Key: 'k',
              Body: small,
              ChecksumAlgorithm: 'CRC32',
              ...customerKey.requestFields(),
            }),
          );
        },
      },
      { maxAttempts: 2 },
    );
    const error = await rejected(putFile(world.client, small, { ...withoutKey, noOverwrite: true }));
    expect(error.code).toBe('TARGET_EXISTS');
  });
});

describe('an answer that names a key, where none was sent', () => {
  test('is no success, and nothing is deleted', async () => {
    const { server, client } = await faulty([
      { status: 200, headers: { etag: '"e"', 'x-amz-version-id': 'v7', ...stray } },
    ]);
    const error = await rejected(putFile(client, small, withoutKey));
    expect(error).toMatchObject({
      code: 'SERVICE_REFUSED',
      message: 'The server says that s3://bucket/k is encrypted with a customer key, and none was sent.',
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['PUT']);
  });

  test.each<[Step, WireAnswer, Step]>([
    ['Create', { status: 200, headers: stray }, 'Abort'],
    ['Part', { status: 200, headers: stray }, 'Abort'],
    ['Head', { status: 200, headers: stray }, 'Abort'],
    ['Head', { status: 400 }, 'Abort'],
  ])('on %s (%o)', async (step, twist, last) => {
    const { server, client } = await faulty(inParts({ [step]: twist }));
    const error = await rejected(putFile(client, content, { ...withoutKey, partSize }));
    expect(error.code).toBe('SERVICE_REFUSED');
    expect(error.message).toContain('is encrypted with a customer key, and none was sent');
    expect(server.requests.map(stepOf).at(-1)).toBe(last);
  });
});

describe('a refusal', () => {
  test('of a put without a key is none of a bucket that blocks SSE-C', async () => {
    const { server, client } = await faulty([s3Error(403, 'AccessDenied')]);
    const error = await rejected(putFile(client, small, withoutKey));
    expect(error.code).toBe('ACCESS_DENIED');
    // and nobody asks for the bucket's encryption
    expect(server.requests.map(({ method }) => method)).toEqual(['PUT']);
  });

  test('501 does not say that the server does no SSE-C', async () => {
    const { client } = await faulty([s3Error(501, 'NotImplemented')]);
    const error = await rejected(putFile(client, small, withoutKey));
    expect(error).toMatchObject({ code: 'NOT_SUPPORTED', message: 'The server does not know PutObject.' });
  });
});

describe('an upload without a key that was interrupted', () => {
  const interrupted = () => sandboxed({ faults: ['fail CompleteMultipartUpload 503 SlowDown'] });

  test('goes on', async () => {
    const world = await interrupted();
    expect((await rejected(put(world, withoutKey))).code).toBe('THROTTLED');
    world.events.length = 0;
    expect(await put(world, { ...withoutKey, client: world.again() })).toMatchObject({ proof: 'CRC32' });
    expect(partsSent(world)).toEqual([]);
    await expectPlain(world, content);
  });

  test('does not go on under a key', async () => {
    const world = await interrupted();
    await rejected(put(world, withoutKey));
    const notices: string[] = [];
    await put(world, { client: world.again(), onNotice: (notice) => notices.push(notice) });
    expect(notices.join()).toContain('the key is another since');
    expect(world.count('CreateMultipartUpload')).toBe(2);
  });

  test('nor with other headers', async () => {
    const world = await interrupted();
    await rejected(put(world, withoutKey));
    const notices: string[] = [];
    const headers = { cacheControl: 'no-store' };
    await put(world, {
      ...withoutKey,
      headers,
      client: world.again(),
      onNotice: (notice) => notices.push(notice),
    });
    expect(notices.join()).toContain('headers or storage class are others since');
  });
});
