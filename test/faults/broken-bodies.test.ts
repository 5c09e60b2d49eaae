import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkedObject, cut, expectRight, get, run, startOf, startsOf, streamInto } from './download.ts';
import { servesObject } from './stored-object.ts';

const MiB = 1024 ** 2;
/** Three ranges in a file: 16, 16 and 2 MiB. */
const content = randomBytes(34 * MiB);
const checked = checkedObject(content);

// in the sizes that they have: what had come is counted in blocks of half a MiB
describe('a body that breaks midway goes on from where it was', () => {
  test('in ranges, to a file', async () => {
    let breaks = 0;
    const into = await run(
      servesObject(
        () => checked,
        (answer, request) =>
          startOf(request) === 16 * MiB && breaks++ === 0 ? cut(answer, 9 * MiB) : answer,
      ),
      { maxAttempts: 2 },
    );
    expect(await get(into)).toMatchObject({ proof: 'CRC32' });
    expectRight(into, content);
    const [first, again, last, ...more] = startsOf(into);
    expect([first, last, more]).toEqual([16 * MiB, 32 * MiB, []]);
    // what had come is not asked for again, but for a block that was not full
    expect(again).toBeGreaterThan(20 * MiB);
    expect(again).toBeLessThanOrEqual(25 * MiB);
    expect(into.progress).toBe(content.length);
  });

  test('in ranges, in order', async () => {
    let breaks = 0;
    const here = await run(
      servesObject(
        () => checked,
        (answer, request) => (startOf(request) === 8 * MiB && breaks++ === 0 ? cut(answer, 5 * MiB) : answer),
      ),
      { maxAttempts: 2 },
    );
    const came: Buffer[] = [];
    expect(await get(here, { openSink: () => Promise.resolve(streamInto(came)) })).toMatchObject({
      proof: 'CRC32',
    });
    expect(Buffer.concat(came).equals(content)).toBe(true);
    const [first, again, ...more] = startsOf(here);
    expect(first).toBe(8 * MiB);
    expect(again).toBeGreaterThan(10 * MiB);
    expect(again).toBeLessThanOrEqual(13 * MiB);
    expect(more).toEqual([16 * MiB, 24 * MiB, 32 * MiB]);
  });

  test('in one request, as often as was said', async () => {
    const small = content.subarray(0, 6 * MiB);
    const object = checkedObject(small);
    let breaks = 0;
    const into = await run(
      servesObject(
        () => object,
        (answer) => (breaks++ < 2 ? cut(answer, 2 * MiB) : answer),
      ),
      { maxAttempts: 3 },
    );
    expect(await get(into)).toMatchObject({ proof: 'CRC32' });
    expectRight(into, small);
    const starts = startsOf(into);
    expect(starts).toHaveLength(2);
    expect(starts[0]).toBeGreaterThan(MiB);
    expect(starts[1]).toBeGreaterThan(starts[0] ?? 0);
    for (const { headers } of into.server.requests.slice(1)) expect(headers['if-match']).toBe('"e"');
  });
});
