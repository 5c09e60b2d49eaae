import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Batch, runBatch } from '../../../../src/cli/batch/run-batch.ts';
import { asSsecError } from '../../../../src/cli/report-error.ts';
import { SsecError } from '../../../../src/errors.ts';
import { rejected } from '../../support/thrown.ts';

interface Told {
  readonly failures: string[];
  most: number;
  begun: number;
  settled: number;
}

/** Items that wait a little, and fail with the code that is set for them. */
function batch(
  codes: Readonly<Record<number, SsecError>>,
  options: Partial<Batch<number>> = {},
): Batch<number> & Told {
  let underWay = 0;
  const made: Batch<number> & Told = {
    failures: [],
    most: 0,
    begun: 0,
    settled: 0,
    items: () => Array.from({ length: 100 }, (_, i) => i),
    onBegin: () => undefined,
    run: async (item, signal) => {
      made.begun += 1;
      underWay += 1;
      made.most = Math.max(made.most, underWay);
      try {
        await sleep(1, undefined, { signal });
        const error = codes[item];
        if (error !== undefined) throw error;
      } finally {
        underWay -= 1;
        made.settled += 1;
      }
    },
    onFailure: (error, item) => made.failures.push(`${item} ${error.code}`),
    describe: (error, item) => new SsecError(error.code, `${item}: ${error.message}`),
    width: 8,
    failFast: false,
    signal: new AbortController().signal,
    ...options,
  };
  return made;
}

const refused = (code: SsecError['code'], context: SsecError['context'] = {}): SsecError =>
  new SsecError(code, 'refused', { context });

describe('runBatch', () => {
  test('what the server cannot do ends it, and what it cannot do with one item does not', async () => {
    const made = batch({ 3: refused('NOT_SUPPORTED', { ofOne: true }) });
    expect(await runBatch(made)).toBe(1);
    const ending = batch({ 3: refused('NOT_SUPPORTED') });
    expect((await rejected(runBatch(ending))).code).toBe('NOT_SUPPORTED');
    expect(ending.failures).toEqual([]);
  });

  test('a failure is one item alone', async () => {
    const made = batch({ 3: refused('KEY_MISMATCH'), 70: refused('FILE_NOT_FOUND') });
    expect(await runBatch(made)).toBe(2);
    expect(made.failures).toEqual(['3 KEY_MISMATCH', '70 FILE_NOT_FOUND']);
    expect(made.settled).toBe(100);
    expect(made.most).toBe(8);
  });

  test('what concerns all ends it, once all has settled', async () => {
    const made = batch({ 10: refused('BUCKET_NOT_FOUND'), 11: refused('BUCKET_NOT_FOUND') });
    expect((await rejected(runBatch(made))).code).toBe('BUCKET_NOT_FOUND');
    expect(made.failures).toEqual([]);
    expect(made.begun).toBeLessThan(40);
    expect(made.settled).toBe(made.begun);
  });

  test.each([
    ['a storage class that the server refused', refused('USAGE', { status: 400 }), 'USAGE'],
    [
      'no server',
      new SsecError('NETWORK', '', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
      'NETWORK',
    ],
    ['a full disk', refused('DISK_FULL'), 'DISK_FULL'],
  ])('%s concerns all', async (_, error, code) => {
    expect((await rejected(runBatch(batch({ 5: error })))).code).toBe(code);
  });

  test.each([
    ['a key that is too long', refused('USAGE')],
    [
      'a connection that broke',
      new SsecError('NETWORK', '', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) }),
    ],
    ['a bug', new TypeError('x is not a function') as unknown as SsecError],
  ])('%s does not', async (_, error) => {
    expect(await runBatch(batch({ 5: error }))).toBe(1);
  });

  test('failFast ends it at the first, which says whose it is', async () => {
    const made = batch({ 10: refused('KEY_MISMATCH') }, { failFast: true });
    const error = await rejected(runBatch(made));
    expect(error).toMatchObject({ code: 'KEY_MISMATCH', message: '10: refused' });
    expect(made.settled).toBe(made.begun);
  });

  test('an interruption aborts what is under way, and beats its failures', async () => {
    const stop = new AbortController();
    const made = batch({}, { signal: stop.signal, items: () => forever() });
    setTimeout(() => stop.abort(refused('CANCELLED')), 20);
    const error = await rejected(runBatch(made));
    expect(error.code).toBe('CANCELLED');
    expect(error.hints.join()).toContain('--skip-existing');
    expect(made.settled).toBe(made.begun);
  });

  test('items are asked for as they are needed', async () => {
    let asked = 0;
    const items = function* (): Generator<number> {
      for (; asked < 1000; asked++) yield asked;
    };
    const made = batch({ 0: refused('BUCKET_NOT_FOUND') }, { items });
    await rejected(runBatch(made));
    expect(asked).toBeLessThan(20);
  });

  test('items that cannot be had end it', async () => {
    const made = batch({}, { items: failing });
    expect((await rejected(runBatch(made))).code).toBe('ACCESS_DENIED');
    expect(made.settled).toBe(2);
  });
});

async function* failing(): AsyncGenerator<number> {
  yield* [1, 2];
  throw await Promise.resolve(refused('ACCESS_DENIED'));
}

function* forever(): Generator<number> {
  for (let i = 0; ; i++) yield i;
}

describe('too many open files', () => {
  const noMore = new SsecError('FILE_UNREADABLE', '"x" cannot be read: EMFILE.', {
    cause: Object.assign(new Error('EMFILE'), { code: 'EMFILE' }),
  });

  /** Only so many may be under way at once. */
  function narrow(room: number) {
    const done: number[] = [];
    const begun: number[] = [];
    let open = 0;
    const made = batch(
      {},
      {
        onBegin: (item) => void begun.push(item),
        run: async (item, signal) => {
          if (open >= room) throw noMore;
          open += 1;
          try {
            await sleep(1, undefined, { signal });
            done.push(item);
          } finally {
            open -= 1;
          }
        },
      },
    );
    return { made, done, begun };
  }

  test.each([7, 3, 2, 1])(
    'there is room for %i of 8: all go, one after the other where need be',
    async (room) => {
      const { made, done, begun } = narrow(room);
      expect(await runBatch(made)).toBe(0);
      const all = Array.from({ length: 100 }, (_, i) => i);
      expect(done.toSorted((a, b) => a - b)).toEqual(all);
      expect(begun).toEqual(all);
    },
  );

  test('there is room for none: it ends, and says so once', async () => {
    const { made, done } = narrow(0);
    const error = await rejected(runBatch(made));
    expect({ code: error.code, message: error.message, hints: error.hints }).toEqual({
      code: 'FILE_UNREADABLE',
      message: '"x" cannot be read: too many files are open (EMFILE).',
      hints: ['more files may be open at once: ulimit -n 1024, or a smaller --concurrency'],
    });
    expect(asSsecError(error, made.signal)).toBe(error);
    expect({ done, failures: made.failures }).toEqual({ done: [], failures: [] });
  });

  test('an interruption while some wait', async () => {
    const controller = new AbortController();
    const { made } = narrow(1);
    setTimeout(() => controller.abort(new SsecError('CANCELLED', 'Interrupted.')), 20);
    const error = await rejected(runBatch({ ...made, signal: controller.signal }));
    expect(error.code).toBe('CANCELLED');
  });
});
