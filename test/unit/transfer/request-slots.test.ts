import { describe, expect, test } from 'vitest';
import { RequestSlots } from '../../../src/transfer/request-slots.ts';

/** Lets promises that are due settle. */
const settle = () => new Promise((done) => setImmediate(done));

function slotsAt(capacity: number) {
  const clock = { now: 0 };
  return { clock, slots: new RequestSlots(capacity, () => clock.now) };
}

/** What a request would be given, as soon as it is its turn. */
function asked(slots: RequestSlots, weight = 1, signal?: AbortSignal) {
  const state: { release?: () => void; error?: unknown } = {};
  slots.acquire(weight, signal).then(
    (release) => (state.release = release),
    (error: unknown) => (state.error = error),
  );
  return state;
}

describe('RequestSlots', () => {
  test('lets as much through as there is room for, in the order in which it was asked', async () => {
    const { slots } = slotsAt(4);
    const [first, second, third, small] = [3, 2, 2, 1].map((weight) => asked(slots, weight));
    await settle();
    // the small one would fit, but is not let past those that wait
    expect([first, second, third, small].map((one) => one?.release !== undefined)).toEqual([
      true,
      false,
      false,
      false,
    ]);
    first?.release?.();
    await settle();
    expect([second, third, small].map((one) => one?.release !== undefined)).toEqual([true, true, false]);
    second?.release?.();
    // once is once
    second?.release?.();
    await settle();
    expect(small?.release).toBeDefined();
    expect(asked(slots, 1).release).toBeUndefined();
    await settle();
  });

  test('what weighs more than all runs alone', async () => {
    const { slots } = slotsAt(4);
    const small = asked(slots, 1);
    const large = asked(slots, 100);
    await settle();
    expect(large.release).toBeUndefined();
    small.release?.();
    await settle();
    expect(large.release).toBeDefined();
    const next = asked(slots, 1);
    await settle();
    expect(next.release).toBeUndefined();
    large.release?.();
    await settle();
    expect(next.release).toBeDefined();
  });

  test('whoever gives up waiting is in nobody’s way', async () => {
    const { slots } = slotsAt(2);
    const first = asked(slots, 2);
    const stop = new AbortController();
    const gaveUp = asked(slots, 2, stop.signal);
    const next = asked(slots, 1);
    await settle();
    const reason = new Error('stop');
    stop.abort(reason);
    await settle();
    expect(gaveUp.error).toBe(reason);
    first.release?.();
    await settle();
    expect(next.release).toBeDefined();
    await expect(slots.acquire(1, AbortSignal.abort(reason))).rejects.toBe(reason);
    // a signal that comes too late takes nothing back
    expect(gaveUp.release).toBeUndefined();
  });

  test('slows down by half, once for answers of one moment, and never to a stop', () => {
    const { slots, clock } = slotsAt(16);
    clock.now = 1000;
    for (let answers = 0; answers < 4; answers++) slots.slowDown();
    expect(slots.limit).toBe(8);
    clock.now += 400;
    slots.slowDown();
    expect(slots.limit).toBe(8);
    for (const expected of [4, 2, 1, 1, 1]) {
      clock.now += 501;
      slots.slowDown();
      expect(slots.limit).toBe(expected);
    }
    expect(slots.capacity).toBe(16);
  });

  test('recovers one by one, once it was quiet for a while', async () => {
    const { slots, clock } = slotsAt(4);
    slots.slowDown();
    expect(slots.limit).toBe(2);
    const pass = async (): Promise<void> => (await slots.acquire(1))();
    clock.now = 1999;
    await pass();
    expect(slots.limit).toBe(2);
    clock.now = 2001;
    for (const expected of [3, 4, 4]) {
      await pass();
      expect(slots.limit).toBe(expected);
    }
  });

  test('slowed down, it lets fewer through, and what waits goes on when it recovers', async () => {
    const { slots, clock } = slotsAt(4);
    const running = [1, 1, 1, 1].map((weight) => asked(slots, weight));
    const waiting = [1, 1].map((weight) => asked(slots, weight));
    await settle();
    slots.slowDown();
    running[0]?.release?.();
    running[1]?.release?.();
    await settle();
    expect(waiting.map((one) => one.release !== undefined)).toEqual([false, false]);
    clock.now = 2001;
    running[2]?.release?.();
    await settle();
    // three may run again, one does
    expect(waiting.map((one) => one.release !== undefined)).toEqual([true, true]);
  });
});
