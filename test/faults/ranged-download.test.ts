import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { SsecError } from '../../src/errors.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { type PositionedSink, type Sink, isPositioned } from '../../src/transfer/sink.ts';
import { unit } from '../support/small-plans.ts';
import type { WireAnswer } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import {
  type Run,
  checkedObject,
  cut,
  expectCleared,
  expectRight,
  filesOf,
  get,
  isGet,
  journalsOf,
  nowhere,
  run,
  startOf,
  startsOf,
  streamInto,
  temporaryOf,
} from './download.ts';
import { type StoredObject, servesObject } from './stored-object.ts';
import { clientOf } from './support.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

/** Three ranges in a file: 16, 16 and 2 units. */
const content = randomBytes(34 * unit);
const checked = checkedObject(content);

describe('a download in ranges', () => {
  test('asks for each range once, all of one ETag, and takes the first from the answer that it has', async () => {
    const into = await run(servesObject(() => checked));
    expect(await get(into)).toMatchObject({ proof: 'CRC32', size: content.length });
    expectRight(into, content);
    expect(startsOf(into)).toEqual([16 * unit, 32 * unit]);
    for (const { headers } of into.server.requests.slice(1)) expect(headers['if-match']).toBe('"e"');
    expect(into.progress).toBe(content.length);
  });

  test('a connection on which nothing moves is cut, and the rest asked for on another', async () => {
    let stalls = 0;
    const into = await run(
      servesObject(
        () => checked,
        (answer, request) => {
          if (startOf(request) !== 32 * unit || stalls++ > 0) return answer;
          // the length of more than will come
          return { ...answer, body: Buffer.alloc(0), cut: undefined as never, headers: answer.headers ?? {} };
        },
      ),
      { maxAttempts: 4, socketTimeoutMs: 1500 },
    );
    expect(await get(into)).toMatchObject({ proof: 'CRC32' });
    expectRight(into, content);
    expect(stalls).toBeGreaterThan(1);
  });

  test('503 on a range lets fewer requests through, and it comes right', async () => {
    let busy = 0;
    const into = await run(
      servesObject(
        () => checked,
        (answer, request) => (startOf(request) === 16 * unit && busy++ === 0 ? { status: 503 } : answer),
      ),
      { maxAttempts: 2 },
    );
    await get(into);
    expectRight(into, content);
    expect(into.client.slots.limit).toBeLessThan(into.client.slots.capacity);
  });

  test.for([
    ['another object by now: 412', '"f"', 'OBJECT_CHANGED'],
    ['another object by now, on a server that knows no If-Match', undefined, 'OBJECT_CHANGED'],
  ] as const)('%s', async ([, etag, code]) => {
    let requests = 0;
    const into = await run(
      servesObject(
        () => (etag !== undefined && requests++ > 0 ? { ...checked, etag } : checked),
        (answer, request) =>
          etag === undefined && startOf(request) > 0
            ? { ...answer, headers: { ...answer.headers, etag: '"f"' } }
            : answer,
      ),
    );
    expect((await rejected(get(into))).code).toBe(code);
    expectCleared(into);
  });

  test.for([
    [
      'a server that knows no ranges',
      (answer: WireAnswer): WireAnswer => ({
        status: 200,
        headers: { ...answer.headers, 'content-length': String(content.length), 'content-range': '' },
        body: content,
      }),
      'NOT_SUPPORTED',
    ],
    [
      'the echo of another key',
      (answer: WireAnswer): WireAnswer => ({
        ...answer,
        headers: { ...answer.headers, 'x-amz-server-side-encryption-customer-key-md5': 'AAAA' },
      }),
      'OBJECT_CHANGED',
    ],
  ] as const)('%s on a range', async ([, twist, code]) => {
    const into = await run(
      servesObject(
        () => checked,
        (answer, request) => (startOf(request) > 0 ? twist(answer) : answer),
      ),
    );
    expect((await rejected(get(into))).code).toBe(code);
    expectCleared(into);
  });
});

describe('a download that can never come right is cleared away', () => {
  test('wrong bytes', async () => {
    const into = await run(
      servesObject(
        () => checked,
        (answer, request) => {
          if (startOf(request) !== 16 * unit || !isGet(request)) return answer;
          const body = Buffer.from(answer.body ?? '');
          body[1000]! ^= 1;
          return { ...answer, body };
        },
      ),
    );
    expect((await rejected(get(into))).code).toBe('CHECKSUM_MISMATCH');
    expectCleared(into);
  });

  test.for(['DISK_FULL', 'FILE_UNWRITABLE'] as const)('%s midway', async (code) => {
    const into = await run(servesObject(() => checked));
    let written = 0;
    const openSink = async (): Promise<Sink> => {
      const sink = await openFileTarget(into.path);
      if (!isPositioned(sink)) throw new Error('no file');
      const failing: PositionedSink = {
        path: sink.path,
        temporaryName: sink.temporaryName,
        write: (chunk) => sink.write(chunk),
        allocate: (bytes) => sink.allocate(bytes),
        readAt: (position, chunk) => sink.readAt(position, chunk),
        commit: () => sink.commit(),
        discard: () => sink.discard(),
        keep: () => sink.keep(),
        writeAt: (position, chunk) => {
          written += chunk.length;
          return written > 18 * unit
            ? Promise.reject(new SsecError(code, 'Nothing goes on that disk any more.'))
            : sink.writeAt(position, chunk);
        },
      };
      return failing;
    };
    expect((await rejected(get(into, { openSink }))).code).toBe(code);
    expectCleared(into);
    const asked = into.server.requests.length;
    await new Promise((done) => setTimeout(done, 30));
    expect(into.server.requests).toHaveLength(asked);
  });

  test('a target that came meanwhile', async () => {
    const into = await run(servesObject(() => checked));
    const openSink = async (): Promise<Sink> => {
      const sink = await openFileTarget(into.path, { noOverwrite: true });
      writeFileSync(into.path, 'mine');
      return sink;
    };
    expect((await rejected(get(into, { openSink }))).code).toBe('TARGET_EXISTS');
    expect(readFileSync(into.path, 'utf8')).toBe('mine');
    expect(journalsOf(into)).toEqual([]);
    expect(filesOf(into)).toEqual(['copy', 'state']);
  });

  test('a cut connection, where nothing is to be noted', async () => {
    const into = await run(
      servesObject(
        () => checked,
        (answer, request) => (startOf(request) === 16 * unit ? cut(answer, 1000) : answer),
      ),
    );
    const error = await rejected(get(into, { journal: nowhere }));
    expect(error.code).toBe('NETWORK');
    expect(error.hints.join()).not.toContain('kept');
    expectCleared(into);
  });
});

/** A download of which the first range came and the others did not. */
async function interrupted(
  now: () => StoredObject = () => checked,
  later: (answer: WireAnswer) => WireAnswer = (answer) => answer,
): Promise<Run> {
  let isDown = true;
  const into = await run(
    servesObject(now, async (answer, request) => {
      if (!isDown || !isGet(request)) return later(answer);
      if (startOf(request) === 0) return answer;
      // the first range is noted before this one fails
      await noted(into, 1);
      return cut(answer, 1000);
    }),
  );
  const error = await rejected(get(into));
  expect(error.code).toBe('NETWORK');
  expect(error.hints).toContain('what came is kept: run the same command again to go on');
  expect(journalsOf(into)).toHaveLength(1);
  expect(filesOf(into)).toEqual([expect.stringMatching(/^\.ssec-.*\.tmp$/), 'state']);
  isDown = false;
  into.since = into.server.requests.length;
  return into;
}

function journalOf(into: Run): string {
  return join(into.journal.folder, journalsOf(into)[0] ?? '');
}

async function noted(into: Run, pieces: number): Promise<void> {
  for (;;) {
    const lines = journalsOf(into).length === 0 ? [] : readFileSync(journalOf(into), 'utf8').split('\n');
    if (lines.length > pieces + 1) return;
    await new Promise((done) => setTimeout(done, 5));
  }
}

describe('a download that goes on', () => {
  test('asks for nothing that is on the disk', async () => {
    const into = await interrupted();
    expect(await get(into)).toMatchObject({ proof: 'CRC32', size: content.length });
    expectRight(into, content);
    expect(into.server.requests[into.since]?.method).toBe('HEAD');
    expect(startsOf(into)).toEqual([16 * unit, 32 * unit]);
    expect(into.resumed).toBe(16 * unit);
    expect(into.progress).toBe(content.length);
    expect(into.notices).toEqual([]);
  });

  test('fetches again what is damaged on the disk', async () => {
    const into = await interrupted();
    const bytes = readFileSync(temporaryOf(into));
    bytes[12345]! ^= 1;
    writeFileSync(temporaryOf(into), bytes);
    await get(into);
    expectRight(into, content);
    expect(startsOf(into)).toEqual([0, 16 * unit, 32 * unit]);
    expect(into.resumed).toBe(0);
    expect(into.notices).toEqual([]);
  });

  test('fetches again what the file lost', async () => {
    const into = await interrupted();
    truncateSync(temporaryOf(into), 1000);
    await get(into);
    expectRight(into, content);
    expect(startsOf(into)).toEqual([0, 16 * unit, 32 * unit]);
  });

  test('an interruption is one that can be gone on with', async () => {
    const stop = new AbortController();
    const into = await run(servesObject(() => checked));
    const reason = new SsecError('CANCELLED', 'Interrupted.');
    const onProgress = (bytes: number): void => {
      if (bytes > 20 * unit) stop.abort(reason);
    };
    const error = await rejected(get(into, { signal: stop.signal, onProgress }));
    expect([error.code, error.message]).toEqual(['CANCELLED', 'Interrupted.']);
    expect(journalsOf(into)).toHaveLength(1);
    await get(into);
    expectRight(into, content);
  });

  test('where it cannot ask now, all stays for the next time', async () => {
    const into = await interrupted();
    const other = clientOf(into.server, {
      maxAttempts: 1,
      credentials: () => Promise.reject(new Error('gone')),
    });
    await rejected(get(into, { client: other }));
    expect(journalsOf(into)).toHaveLength(1);
    await get(into);
    expectRight(into, content);
    expect(startsOf(into)).toEqual([16 * unit, 32 * unit]);
  });

  test('where the target cannot be opened now, all stays for the next time', async () => {
    const into = await interrupted();
    const refused = new SsecError('TARGET_EXISTS', 'It exists already.');
    expect(await rejected(get(into, { openSink: () => Promise.reject(refused) }))).toBe(refused);
    await get(into);
    expect(into.notices).toEqual([]);
    expect(into.resumed).toBe(16 * unit);
    expectRight(into, content);
  });
});

test('a download whose object is gone leaves nothing', async () => {
  let isGone = false;
  const into = await interrupted(
    () => checked,
    (answer) => (isGone ? { status: 404 } : answer),
  );
  isGone = true;
  expect((await rejected(get(into))).code).toBe('OBJECT_NOT_FOUND');
  expectCleared(into);
});

describe('a download that starts anew', () => {
  test('the object changed', async () => {
    let now = checked;
    const into = await interrupted(() => now);
    const other = randomBytes(33 * unit);
    now = { ...checkedObject(other), etag: '"f"' };
    await get(into);
    expectRight(into, other);
    expect(into.notices).toEqual([
      'an unfinished download was found, but the object has changed since; it starts anew',
    ]);
    expect(into.resumed).toBe(0);
  });

  test('its file is gone', async () => {
    const into = await interrupted();
    rmSync(temporaryOf(into));
    await get(into);
    expectRight(into, content);
    expect(into.notices).toEqual(['an unfinished download was found, but its file is gone; it starts anew']);
  });

  test('a journal of garbage is none', async () => {
    const into = await interrupted();
    const left = temporaryOf(into);
    writeFileSync(journalOf(into), '\0{"kind":"get"}\n[]\n{');
    await get(into);
    expect(readFileSync(into.path).equals(content)).toBe(true);
    expect(into.notices).toEqual([]);
    expect(existsSync(left)).toBe(true);
  });

  test('a journal that names a file of somebody else touches nothing of theirs', async () => {
    const into = await interrupted();
    const precious = join(into.path, '..', 'precious');
    writeFileSync(precious, 'precious');
    const [head = ''] = readFileSync(journalOf(into), 'utf8').split('\n');
    writeFileSync(
      journalOf(into),
      `${JSON.stringify({ ...(JSON.parse(head) as object), temporaryName: 'precious' })}\n`,
    );
    await get(into);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(readFileSync(into.path).equals(content)).toBe(true);
  });
});

test('the same download twice at once: the second is noted nowhere and right', async () => {
  let answers = 0;
  let met!: () => void;
  const both = new Promise<void>((done) => (met = done));
  // neither is done before the other has begun
  const into = await run(
    servesObject(
      () => checked,
      async (answer, request) => {
        if (startOf(request) === 32 * unit) {
          answers += 1;
          if (answers === 2) met();
          await both;
        }
        return answer;
      },
    ),
  );
  const second = { ...into, path: `${into.path}-2`, notices: [] };
  await Promise.all([get(into), get(second)]);
  expect([...into.notices, ...second.notices]).toEqual([
    'the same transfer runs already; this one cannot be gone on with later',
  ]);
  for (const { path } of [into, second]) expect(readFileSync(path).equals(content)).toBe(true);
  expect(journalsOf(into)).toEqual([]);
});

describe('a download to where bytes go in order', () => {
  test('a failure ends all that was asked for ahead', async () => {
    const here = await run(
      servesObject(
        () => checked,
        (answer, request) => (startOf(request) === 8 * unit ? cut(answer, 1000) : answer),
      ),
    );
    const came: Buffer[] = [];
    const error = await rejected(get(here, { openSink: () => Promise.resolve(streamInto(came)) }));
    expect(error.code).toBe('NETWORK');
    expect(error.hints.join()).not.toContain('kept');
    // what was given out is right as far as it goes
    const bytes = Buffer.concat(came);
    expect(bytes.equals(content.subarray(0, bytes.length))).toBe(true);
    const asked = here.server.requests.length;
    await new Promise((done) => setTimeout(done, 30));
    expect(here.server.requests).toHaveLength(asked);
    expect(journalsOf(here)).toEqual([]);
  });
});

describe('a download in one request', () => {
  const small = content.subarray(0, 6 * unit);
  const object = checkedObject(small);

  test('is not mixed of two objects where it broke', async () => {
    let etag = '"e"';
    const into = await run(
      servesObject(
        () => ({ ...object, etag }),
        (answer) => {
          etag = '"f"';
          return cut(answer, 2 * unit);
        },
      ),
      { maxAttempts: 3 },
    );
    expect((await rejected(get(into))).code).toBe('OBJECT_CHANGED');
    expectCleared(into);
  });

  test('a large one, where one request at a time is wanted and no notes are, leaves nothing', async () => {
    const into = await run(
      servesObject(
        () => checked,
        (answer) => cut(answer, 20 * unit),
      ),
      { concurrency: 1 },
    );
    const error = await rejected(get(into, { journal: nowhere }));
    expect(error.code).toBe('NETWORK');
    expect(error.hints.join()).not.toContain('kept');
    expectCleared(into);
  });
});
