import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { StreamSource } from '../../src/transfer/stream-source.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed, settledEvents } from './sandboxed.ts';
import { customerKey } from './support.ts';
import { content, partSize, partsSent, put, storedBytes } from './upload.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);

/** It is there, and nothing else of it. */
async function expectStored(world: World, bytes = content): Promise<void> {
  expect(await world.uploads()).toEqual([]);
  expect(world.journals()).toEqual([]);
  expect((await storedBytes(world)).equals(bytes)).toBe(true);
  await settledEvents(world);
}

/** Two parts, from a stream: what happens to them has nothing to do with where they come from. */
const small = content.subarray(0, partSize + 1000);
const putSmall = (world: World, options: { readonly noOverwrite?: boolean } = {}) =>
  put(world, { ...options, source: new StreamSource(Readable.from([small]), 'stdin') });

/** Puts something else there. */
const replace = (world: World, body: Uint8Array) =>
  world.plain.send(
    new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'k',
      Body: body,
      ChecksumAlgorithm: 'CRC32',
      ...customerKey.requestFields(),
    }),
  );

describe('a part', () => {
  test.for([
    ['that breaks off midway', 'drop UploadPart after 10000 bytes part 2'],
    ['whose answer is lost', 'drop-answer UploadPart part 2'],
    ['that the server says is wrong', 'fail UploadPart 400 BadDigest part 2'],
    ['that comes too fast', 'fail UploadPart 503 SlowDown part 2'],
  ] as const)('%s is sent again, and no other', async ([, fault]) => {
    const world = await sandboxed({ faults: [fault] }, { maxAttempts: 2 });
    let last = 0;
    let most = 0;
    const result = await put(world, {
      onProgress: (bytes) => {
        last = bytes;
        most = Math.max(most, bytes);
      },
    });
    expect(result).toMatchObject({ size: content.length, proof: 'CRC32' });
    expect(sorted(partsSent(world))).toEqual([1, 2, 2, 3, 4]);
    expect(last).toBe(content.length);
    expect(most).toBe(content.length);
    await expectStored(world);
  });

  test('on a connection on which nothing moves is sent again on another', async () => {
    const world = await sandboxed(
      { faults: ['stall UploadPart after 10000 bytes part 2'] },
      { maxAttempts: 5, socketTimeoutMs: 1000 },
    );
    expect(await put(world)).toMatchObject({ size: content.length, proof: 'CRC32' });
    const cut = world.events.filter(({ failure }) => failure === 'ETIMEDOUT');
    expect(cut.some(({ path }) => /partNumber=2\b/.test(path))).toBe(true);
    await expectStored(world);
  });

  test('is tried as often as was said, and each time the user hears of it', async () => {
    const world = await sandboxed(
      { faults: ['fail UploadPart 503 SlowDown part 1 always'] },
      { maxAttempts: 2 },
    );
    let retries = 0;
    const error = await rejected(put(world, { onRetry: () => (retries += 1) }));
    expect(error.code).toBe('THROTTLED');
    expect(retries).toBe(1);
    expect(world.client.slots.limit).toBeLessThan(world.client.slots.capacity);
  });
});

describe('Complete, when its answer is lost or late', () => {
  test.for([
    ['its answer is lost', ['drop-answer CompleteMultipartUpload']],
    [
      'its answer is lost, and the next try is refused for the condition',
      ['drop-answer CompleteMultipartUpload', 'fail CompleteMultipartUpload 412 PreconditionFailed'],
    ],
    [
      'its answer is lost, and the next try meets the first',
      ['drop-answer CompleteMultipartUpload', 'fail CompleteMultipartUpload 409 ConditionalRequestConflict'],
    ],
    ['200 comes with an error', ['error-in-200 CompleteMultipartUpload']],
    [
      '200 comes with an error, and it was done',
      ['error-in-200 CompleteMultipartUpload InternalError completed'],
    ],
    ['the server is busy', ['fail CompleteMultipartUpload 503 SlowDown']],
  ] as const)('%s: tried again, then found', async ([, faults]) => {
    const world = await sandboxed({ faults }, { maxAttempts: 2 });
    expect(await putSmall(world, { noOverwrite: true })).toMatchObject({
      size: small.length,
      proof: 'CRC32',
    });
    expect(sorted(partsSent(world))).toEqual([1, 2]);
    await expectStored(world, small);
  });

  test('no try is left: the object is looked for all the same', async () => {
    const world = await sandboxed({ faults: ['drop-answer CompleteMultipartUpload'] });
    expect(await putSmall(world)).toMatchObject({ proof: 'CRC32' });
    await expectStored(world, small);
  });

  test('nobody says what is there: that is for another run to find out', async () => {
    const world = await sandboxed(
      { faults: ['drop-answer CompleteMultipartUpload', 'fail HeadObject 503 SlowDown x2'] },
      { maxAttempts: 2 },
    );
    expect((await rejected(put(world))).code).toBe('SERVICE_UNAVAILABLE');
    expect(world.journals()).toHaveLength(1);
    world.events.length = 0;
    expect(await put(world)).toMatchObject({ size: content.length, proof: 'CRC32' });
    expect(partsSent(world)).toEqual([]);
    expect(world.journals()).toEqual([]);
  });

  test('what is there by then is not ours', async () => {
    const world = await sandboxed(
      {
        faults: ['drop-answer CompleteMultipartUpload'],
        onRequest: async ({ operation }) => {
          if (operation === 'CompleteMultipartUpload' && world.count('CompleteMultipartUpload') === 1)
            await replace(world, Buffer.alloc(small.length));
        },
      },
      { maxAttempts: 2 },
    );
    const error = await rejected(putSmall(world));
    expect(error.code).toBe('OBJECT_NOT_FOUND');
    expect(error.message).toMatch(/^The upload of s3:\/\/bucket\/k is not there any more/);
    expect(world.journals()).toEqual([]);
  });

  test('a condition that somebody else raced us for is no success', async () => {
    const world = await sandboxed({
      faults: ['fail CompleteMultipartUpload 409 ConditionalRequestConflict'],
    });
    expect((await rejected(putSmall(world, { noOverwrite: true }))).code).toBe('PRECONDITION_FAILED');
    expect(await world.uploads()).toEqual([]);
  });
});

describe('Complete that does not say which key it used', () => {
  test('the object says it', async () => {
    const world = await sandboxed({ faults: ['no-echo CompleteMultipartUpload'] });
    const result = await putSmall(world);
    expect(result).toMatchObject({ proof: 'CRC32', etag: expect.stringMatching(/-2"$/) });
    expect(world.count('HeadObject')).toBe(1);
    await expectStored(world, small);
  });

  test('one that we may write and not read: Create said it', async () => {
    const world = await sandboxed({
      faults: ['no-echo CompleteMultipartUpload'],
      denyActions: ['s3:GetObject'],
    });
    expect(await putSmall(world)).toMatchObject({ proof: 'create-echo', size: small.length });
    expect(world.journals()).toEqual([]);
  });

  test('the object does not say it either', async () => {
    const world = await sandboxed({ faults: ['no-echo CompleteMultipartUpload', 'no-echo HeadObject'] });
    const error = await rejected(putSmall(world));
    expect(error.code).toBe('KEY_IGNORED');
    expect(error.hints.join()).toContain('now exists unencrypted: delete it');
    expect(world.journals()).toEqual([]);
  });

  test.for([
    ['other bytes', small.length, 'CHECKSUM_MISMATCH'],
    ['fewer bytes', 10, 'SIZE_MISMATCH'],
  ] as const)('the object has %s', async ([, size, code]) => {
    const world = await sandboxed({
      faults: ['no-echo CompleteMultipartUpload'],
      onRequest: ({ operation }) =>
        operation === 'CompleteMultipartUpload' ? replace(world, Buffer.alloc(size)) : undefined,
    });
    expect((await rejected(putSmall(world))).code).toBe(code);
    expect(world.journals()).toEqual([]);
  });

  test('a look that fails in passing is repeated', async () => {
    const world = await sandboxed(
      { faults: ['no-echo CompleteMultipartUpload', 'fail HeadObject 503 SlowDown'] },
      { maxAttempts: 2 },
    );
    expect(await putSmall(world)).toMatchObject({ proof: 'CRC32' });
    expect(world.count('HeadObject')).toBe(2);
  });
});
