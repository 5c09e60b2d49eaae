import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mapInOrder } from '../../../src/transfer/map-in-order.ts';

async function* numbers(count: number, seen: { taken: number; ended: boolean }): AsyncGenerator<number> {
  try {
    for (let n = 0; n < count; n++) {
      seen.taken += 1;
      yield n;
      await Promise.resolve();
    }
  } finally {
    seen.ended = true;
  }
}

const fresh = () => ({ taken: 0, ended: false });

describe('mapInOrder', () => {
  test('gives what comes in the order of the items, several at once', async () => {
    const results: number[] = [];
    let active = 0;
    let most = 0;
    const work = async (n: number): Promise<number> => {
      most = Math.max(most, ++active);
      await wait((n * 7) % 5);
      active -= 1;
      return n * 10;
    };
    for await (const result of mapInOrder(numbers(50, fresh()), work, { width: 4 })) results.push(result);
    expect(results).toEqual(Array.from({ length: 50 }, (_, n) => n * 10));
    expect(most).toBe(4);
  });

  test('takes no more than its width ahead of a slow reader', async () => {
    const seen = fresh();
    let read = 0;
    for await (const _ of mapInOrder(numbers(100, seen), (n) => Promise.resolve(n), { width: 8 })) {
      read += 1;
      await wait(1);
      expect(seen.taken).toBeLessThanOrEqual(read + 8);
    }
    expect(read).toBe(100);
  });

  test('a failure comes in its turn, and ends what is under way', async () => {
    const seen = fresh();
    const results: number[] = [];
    let aborted = 0;
    const work = async (n: number, signal: AbortSignal): Promise<number> => {
      if (n === 3) throw new Error('three');
      if (n < 3) return n;
      await wait(10_000, undefined, { signal }).catch(() => (aborted += 1));
      return n;
    };
    const all = async (): Promise<void> => {
      for await (const result of mapInOrder(numbers(100, seen), work, { width: 4 })) results.push(result);
    };
    await expect(all()).rejects.toThrow('three');
    expect(results).toEqual([0, 1, 2]);
    expect(seen.ended).toBe(true);
    expect(aborted).toBeGreaterThan(0);
  });

  test('a reader that leaves ends all', async () => {
    const seen = fresh();
    const signals: AbortSignal[] = [];
    const work = (n: number, signal: AbortSignal): Promise<number> => {
      signals.push(signal);
      return Promise.resolve(n);
    };
    for await (const _ of mapInOrder(numbers(100, seen), work, { width: 4 })) break;
    expect(seen.ended).toBe(true);
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  test('the signal of the caller reaches the work', async () => {
    const controller = new AbortController();
    const work = (_: number, signal: AbortSignal): Promise<number> => {
      queueMicrotask(() => controller.abort(new Error('enough')));
      return new Promise((_done, failed) =>
        signal.addEventListener('abort', () => failed(signal.reason as Error)),
      );
    };
    const all = async (): Promise<void> => {
      const options = { width: 2, signal: controller.signal };
      for await (const _ of mapInOrder(numbers(9, fresh()), work, options)) continue;
    };
    await expect(all()).rejects.toThrow('enough');
  });
});
