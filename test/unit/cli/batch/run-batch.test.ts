import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Batch, runBatch } from '../../../../src/cli/batch/run-batch.ts';
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
