import { PutObjectCommand } from '@aws-sdk/client-s3';
import { appendFileSync, writeFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import type { SandboxOptions } from 'ssec-sandbox';
import { describe, expect, test, vi } from 'vitest';
import { SsecError } from '../../src/errors.ts';
import { StreamSource } from '../../src/transfer/stream-source.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed, settledEvents } from './sandboxed.ts';
import { content, fileOf, nowhere, partSize, put } from './upload.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

/** Nothing is left, and the clearing away came behind everything else. */
async function expectCleared(world: World): Promise<void> {
  expect(await world.uploads()).toEqual([]);
  expect(world.journals()).toEqual([]);
  const events = await settledEvents(world);
  expect(events.at(-1)).toBe('DELETE /bucket/k?x-id=AbortMultipartUpload&uploadId');
}

describe('an upload that can never come right is cleared away', () => {
  const refusals: [string, SandboxOptions['faults'], string][] = [
    ['a refused part', ['fail UploadPart 403 AccessDenied part 3'], 'ACCESS_DENIED'],
    ['no echo at the beginning', ['no-echo CreateMultipartUpload'], 'KEY_IGNORED'],
    ['the echo of another key at the beginning', ['echo-other-key CreateMultipartUpload'], 'KEY_IGNORED'],
    ['the echo of another key on a part', ['echo-other-key UploadPart part 2'], 'KEY_IGNORED'],
    [
      'bytes that arrive wrong each time',
      ['fail UploadPart 400 BadDigest part 2 always'],
      'CHECKSUM_MISMATCH',
    ],
    ['an upload that somebody aborted', ['fail UploadPart 404 NoSuchUpload part 4'], 'OBJECT_NOT_FOUND'],
    ['a refused Complete', ['fail CompleteMultipartUpload 403 AccessDenied'], 'ACCESS_DENIED'],
    [
      'a Complete that finds parts missing',
      ['fail CompleteMultipartUpload 400 InvalidPart'],
      'SERVICE_REFUSED',
    ],
  ];
  test.for(refusals)('%s', async ([, faults, code]) => {
    const world = await sandboxed(faults === undefined ? {} : { faults });
    const error = await rejected(put(world));
    expect(error.code).toBe(code);
    expect(error.hints.join()).not.toContain('kept');
    await expectCleared(world);
  });

  test('a file that somebody writes to meanwhile', async () => {
    const world = await sandboxed({
      onRequest: ({ operation }) => {
        if (operation === 'CreateMultipartUpload') appendFileSync(fileOf(world), 'more');
      },
    });
    expect((await rejected(put(world))).code).toBe('FILE_CHANGED');
    await expectCleared(world);
    expect(world.count('CompleteMultipartUpload')).toBe(0);
  });

  test('an object that is there already is seen before anything is sent', async () => {
    const world = await sandboxed();
    await world.plain.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'mine' }));
    expect((await rejected(put(world, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
    expect(world.journals()).toEqual([]);
    expect(await settledEvents(world)).toEqual([
      'HEAD /bucket/k',
      // it is under another key, or under none
      'GET /bucket/k?x-id=GetObject',
    ]);
  });

  test('an object that comes meanwhile', async () => {
    const world = await sandboxed({
      onRequest: async ({ operation }) => {
        if (operation === 'CreateMultipartUpload')
          await world.plain.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'mine' }));
      },
    });
    expect((await rejected(put(world, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
    await expectCleared(world);
    expect(world.count('CompleteMultipartUpload')).toBe(0);
  });

  test('an object that comes between the look and Complete', async () => {
    const world = await sandboxed({
      onRequest: async ({ operation }) => {
        if (operation === 'HeadObject' && world.count('HeadObject') === 2)
          await world.plain.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'mine' }));
      },
    });
    expect((await rejected(put(world, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
    expect(world.requests.find(({ operation }) => operation === 'CompleteMultipartUpload')?.status).toBe(412);
    await expectCleared(world);
  });

  test('an upload that cannot be noted goes on without, and is cleared away', async () => {
    const world = await sandboxed({ faults: ['fail UploadPart 503 SlowDown part 2 always'] });
    writeFileSync(world.journal.folder, 'a file where the folder would be');
    const notices: string[] = [];
    const error = await rejected(put(world, { onNotice: (message) => notices.push(message) }));
    expect(error.code).toBe('THROTTLED');
    expect(notices).toEqual([
      expect.stringMatching(/where unfinished transfers are noted, cannot be used: .*gone on with later$/),
    ]);
    expect(await world.uploads()).toEqual([]);
  });

  test('where it cannot be cleared away, the first error says what is left', async () => {
    const world = await sandboxed({
      faults: [
        'fail UploadPart 403 AccessDenied part 1',
        'fail AbortMultipartUpload 500 InternalError always',
      ],
    });
    const error = await rejected(put(world));
    const [left] = await world.uploads();
    expect(error.code).toBe('ACCESS_DENIED');
    expect(error.hints.at(-1)).toContain(`ssec uploads --abort ${left} -b bucket`);
    expect(world.journals()).toEqual([]);
  });

  test('a refusal at the very beginning holds on to nothing', async () => {
    const world = await sandboxed({ faults: ['fail CreateMultipartUpload 403 AccessDenied'] });
    expect((await rejected(put(world))).code).toBe('ACCESS_DENIED');
    expect(world.journals()).toEqual([]);
    const notices: string[] = [];
    expect(await put(world, { onNotice: (message) => notices.push(message) })).toMatchObject({
      size: content.length,
    });
    expect(notices).toEqual([]);
  });
});

describe('an upload that another run can finish is kept', () => {
  const passing: [string, string, string][] = [
    ['a cut connection', 'drop UploadPart after 10000 bytes part 3 always', 'NETWORK'],
    ['a busy server', 'fail UploadPart 503 SlowDown part 3 always', 'THROTTLED'],
    ['credentials that expired', 'fail UploadPart 400 ExpiredToken part 3 always', 'CREDENTIALS_EXPIRED'],
    ['a busy server at the end', 'fail CompleteMultipartUpload 503 SlowDown always', 'THROTTLED'],
  ];
  test.for(passing)('%s', async ([, fault, code]) => {
    const world = await sandboxed({ faults: [fault] });
    const error = await rejected(put(world));
    expect(error.code).toBe(code);
    expect(error.hints).toContain('what was sent is kept: run the same command again to go on');
    expect(await world.uploads()).toHaveLength(1);
    expect(world.journals()).toHaveLength(1);
    expect(world.count('AbortMultipartUpload')).toBe(0);
    await settledEvents(world);
  });

  test.for(passing.slice(0, 1))('%s, where nothing is to be noted: cleared away', async ([, fault, code]) => {
    const world = await sandboxed({ faults: [fault] });
    const error = await rejected(put(world, { journal: nowhere }));
    expect(error.code).toBe(code);
    expect(error.hints.join()).not.toContain('kept');
    await expectCleared(world);
  });

  test.for(passing.slice(3))('%s, from a stream: cleared away', async ([, fault, code]) => {
    const world = await sandboxed({ faults: [fault] });
    const error = await rejected(put(world, { source: new StreamSource(Readable.from([content]), 'stdin') }));
    expect(error.code).toBe(code);
    await expectCleared(world);
  });

  test.for([
    ['at its beginning', 'stall UploadPart after 10000 bytes always', 0],
    ['in the middle', 'stall UploadPart after 10000 bytes always after 2 requests', 2],
    ['at its end', 'stall CompleteMultipartUpload after 0 bytes', 4],
  ] as const)('an interruption %s', async ([, fault, parts]) => {
    const stop = new AbortController();
    const reason = new SsecError('CANCELLED', 'Interrupted.');
    const world = await sandboxed({
      faults: [fault],
      onRequest: () => {
        if (parts > 0 && world.count('UploadPart') === parts) setTimeout(() => stop.abort(reason), 20);
      },
    });
    const onProgress = (): void => {
      if (parts === 0) stop.abort(reason);
    };
    const error = await rejected(put(world, { signal: stop.signal, onProgress }));
    expect(error.code).toBe('CANCELLED');
    expect(error.message).toBe('Interrupted.');
    expect(error.hints).toContain('what was sent is kept: run the same command again to go on');
    if (parts < 4) expect(await world.uploads()).toHaveLength(1);
    expect(world.journals()).toHaveLength(1);
    await settledEvents(world);
  });

  test('an interruption of what is noted nowhere is cleared away', async () => {
    const stop = new AbortController();
    const reason = new SsecError('CANCELLED', 'Interrupted.');
    const world = await sandboxed({ faults: ['stall UploadPart after 10000 bytes always'] });
    const onProgress = (): void => stop.abort(reason);
    const error = await rejected(put(world, { signal: stop.signal, onProgress, journal: nowhere }));
    expect(error.code).toBe('CANCELLED');
    expect(error.hints).toEqual([]);
    await expectCleared(world);
  });
});

describe('an interruption between two tries', () => {
  test.for([
    ['of a part', 'fail UploadPart 503 SlowDown always'],
    ['of Complete', 'fail CompleteMultipartUpload 503 SlowDown always'],
  ] as const)('%s is told as what it is', async ([, fault]) => {
    const stop = new AbortController();
    const reason = new SsecError('CANCELLED', 'Interrupted.', { context: { signal: 'SIGTERM' } });
    const world = await sandboxed({ faults: [fault] }, { maxAttempts: 3 });
    const error = await rejected(
      put(world, { signal: stop.signal, onRetry: () => setTimeout(() => stop.abort(reason), 10) }),
    );
    expect(error.context).toEqual({ signal: 'SIGTERM' });
    expect(await world.uploads()).toHaveLength(1);
    expect(world.journals()).toHaveLength(1);
    await settledEvents(world);
  });
});

describe('a stream', () => {
  test('that says nothing more, and a part that is refused: nobody waits for the rest', async () => {
    const world = await sandboxed({ faults: ['fail UploadPart 403 AccessDenied part 1'] });
    const silent = new PassThrough();
    silent.write(content.subarray(0, 2 * partSize + 1000));
    expect((await rejected(put(world, { source: new StreamSource(silent, 'stdin') }))).code).toBe(
      'ACCESS_DENIED',
    );
    await expectCleared(world);
  });

  test('that does not end, interrupted: cleared away', async () => {
    const stop = new AbortController();
    const world = await sandboxed();
    const endless = new PassThrough();
    endless.write(content.subarray(0, 2 * partSize + 1000));
    const source = new StreamSource(endless, 'stdin', stop.signal);
    const reason = new SsecError('CANCELLED', 'Interrupted.');
    const onProgress = (bytes: number): void => {
      if (bytes >= 2 * partSize) stop.abort(reason);
    };
    expect((await rejected(put(world, { source, signal: stop.signal, onProgress }))).code).toBe('CANCELLED');
    await expectCleared(world);
  });

  test('that fails midway is cleared away', async () => {
    const world = await sandboxed();
    const failing = Readable.from(
      (function* () {
        yield content.subarray(0, 200_000);
        throw Object.assign(new Error('broken'), { code: 'EIO' });
      })(),
    );
    const error = await rejected(put(world, { source: new StreamSource(failing, 'stdin') }));
    expect(error.code).toBe('FILE_UNREADABLE');
    await expectCleared(world);
  });

  test('is stored whole, however it ends', async () => {
    for (const size of [0, partSize - 1, partSize, partSize + 1]) {
      const world = await sandboxed();
      const bytes = content.subarray(0, size);
      const stream = Readable.from(
        size === 0 ? [] : [bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)],
      );
      const result = await put(world, { source: new StreamSource(stream, 'stdin') });
      expect(result).toMatchObject({ size, proof: 'CRC32' });
      expect(await world.uploads()).toEqual([]);
      expect(world.count('UploadPart')).toBe(size < partSize ? 0 : Math.ceil(size / partSize));
    }
  });
});
