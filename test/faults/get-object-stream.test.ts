import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test, vi } from 'vitest';
import { getObjectStream } from '../../src/get-object-stream.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { putObject } from '../../src/put-object.ts';
import { unit } from '../support/small-plans.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed } from './sandboxed.ts';
import { customerKey } from './support.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const content = randomBytes(100 * unit);

async function stored(faults: readonly string[] = []): Promise<World> {
  const world = await sandboxed({ faults: [...faults] });
  const source = new BytesSource(content);
  await putObject({ client: world.client, bucket: 'bucket', key: 'k', customerKey, source });
  return world;
}

const options = (world: World) => ({ client: world.client, bucket: 'bucket', customerKey });

describe('getObjectStream', () => {
  test('gives all bytes in order, and ends', async () => {
    const world = await stored();
    const { object, stream } = await getObjectStream({ ...options(world), key: 'k' });
    expect(object.size).toBe(content.length);
    expect((await buffer(stream)).equals(content)).toBe(true);
  });

  test('refused, it rejects, and nothing else happens', async () => {
    const world = await stored();
    const error = await rejected(getObjectStream({ ...options(world), key: 'no such object' }));
    expect(error.code).toBe('OBJECT_NOT_FOUND');
    // a stream that failed with nobody to hear of it would end the process in the next turn
    await new Promise((done) => setTimeout(done, 20));
  });

  test('a byte that came wrong fails the stream in place of its end', async () => {
    const world = await stored(['corrupt GetObject byte 100']);
    const { stream } = await getObjectStream({ ...options(world), key: 'k' });
    await expect(buffer(stream)).rejects.toMatchObject({ code: 'CHECKSUM_MISMATCH' });
  });

  test('a reader that gives up takes nothing with it', async () => {
    const world = await stored();
    for (let i = 0; i < 20; i++) {
      const { stream } = await getObjectStream({ ...options(world), key: 'k' });
      // full, so that the download waits for the reader
      await expect.poll(() => stream.readableLength).toBeGreaterThan(0);
      stream.destroy();
    }
    const { stream } = await getObjectStream({ ...options(world), key: 'k' });
    expect((await buffer(stream)).equals(content)).toBe(true);
  });

  test('a signal fails it, though nobody reads', async () => {
    const world = await stored();
    const controller = new AbortController();
    const { stream } = await getObjectStream({ ...options(world), key: 'k', signal: controller.signal });
    const failed = new Promise((done) => {
      stream.once('error', done);
    });
    controller.abort();
    expect(await failed).toMatchObject({ code: 'CANCELLED' });
  });
});
