import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { getObject } from '../../src/get-object.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { putObject } from '../../src/put-object.ts';
import { unit } from '../support/small-plans.ts';
import { sandboxed } from './sandboxed.ts';
import { customerKey, faulty, putFile } from './support.ts';
import { crc32Base64, updateCrc32 } from '../../src/transfer/checksum.ts';
import { type WireRequest, echoOf, s3Error } from '../support/wire-server.ts';

const content = Buffer.from('a few bytes');
const crc32 = crc32Base64(updateCrc32(0, content));
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

describe('a twin', () => {
  test('has slots of its own, and ends by itself', async () => {
    const world = await sandboxed({}, { concurrency: 1 });
    const twin = world.client.twin();
    const release = await world.client.slots.acquire(1);
    const source = new BytesSource(Buffer.from('content'));
    // nobody waits for the slot that is held
    await putObject({ client: twin, bucket: 'bucket', key: 'k', customerKey, source });
    twin.close();
    release();
    await putObject({ client: world.client, bucket: 'bucket', key: 'k', customerKey, source });
    expect(twin.slots.capacity).toBe(1);
  });

  test('knows what the first has learned, and asks nobody for credentials again', async () => {
    let asked = 0;
    const region = (request: WireRequest) =>
      /Credential=AKID\/\d+\/([^/]+)\//.exec(request.headers['authorization'] ?? '')?.[1];
    const { server, client } = await faulty(
      (request) =>
        region(request) === 'eu-west-3'
          ? { status: 200, headers: { 'x-amz-checksum-crc32': crc32, ...echoOf(request) } }
          : { ...s3Error(301, 'PermanentRedirect'), headers: { 'x-amz-bucket-region': 'eu-west-3' } },
      {
        credentials: () => {
          asked += 1;
          return Promise.resolve({
            accessKeyId: 'AKID',
            secretAccessKey: 'SECRET',
            expiration: new Date(Date.now() + 3_600_000),
          });
        },
      },
    );
    await putFile(client, content);
    expect([client.region, client.verifiesChecksums]).toEqual(['eu-west-3', true]);
    const before = asked;
    const twin = client.twin();
    onTestFinished(() => twin.close());
    expect([twin.region, twin.verifiesChecksums, twin.partWeight]).toEqual(['eu-west-3', true, 4]);
    await putFile(twin, content);
    expect(server.requests.map(region)).toEqual(['us-east-1', 'eu-west-3', 'eu-west-3']);
    expect(server.requests.at(-1)?.headers['content-md5']).toBeUndefined();
    expect(asked).toBe(before);
  });
});
