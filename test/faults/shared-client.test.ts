import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { getObject } from '../../src/get-object.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { putObject } from '../../src/put-object.ts';
import { unit } from '../support/small-plans.ts';
import { sandboxed } from './sandboxed.ts';
import { customerKey } from './support.ts';
import { randomBytes } from 'node:crypto';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

/** Large: several ranges each, and each begins with a body that holds a connection. */
test.each([2, 4])('many large downloads at once over %i connections come to an end', async (concurrency) => {
  const world = await sandboxed({}, { concurrency, maxSockets: concurrency });
  const content = randomBytes(40 * unit);
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const key of names) {
    const source = new BytesSource(content);
    await putObject({ client: world.client, bucket: 'bucket', key, customerKey, source });
  }
  const gets = names.map((key) =>
    getObject({
      client: world.client,
      bucket: 'bucket',
      key,
      customerKey,
      openSink: () => openFileTarget(join(world.folder, key)),
    }),
  );
  for (const { size } of await Promise.all(gets)) expect(size).toBe(content.length);
});
