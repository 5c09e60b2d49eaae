import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { randomBytes, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { runWorkers } from '../../src/transfer/workers.ts';
import { plainClient } from '../support/plain-client.ts';
import { type SsecProcess, recordsOf, startSsec } from '../support/ssec-process.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

const COUNT = 1000;
const freshFolder = temporaryFolders('rgw-rekey');

/** RGW 16 cannot copy between keys: all of it goes through the client. */
describe('many objects are rekeyed', { timeout: 180_000 }, () => {
  const server = rgwServer();
  const cwd = freshFolder();
  const oldKey = CustomerKey.generate();
  const newKey = CustomerKey.generate();
  const contents = new Map<string, Buffer>();
  let client: S3Client;
  let bucket: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    client = plainClient(server);
    bucket = await freshBucket(server);
    env = { ...rgwEnvironment(server, bucket), XDG_STATE_HOME: join(cwd, 'state') };
    writeFileSync(join(cwd, 'old.key'), oldKey.toBytes(), { mode: 0o600 });
    writeFileSync(join(cwd, 'new.key'), newKey.toBytes(), { mode: 0o600 });
    for (let i = 0; i < COUNT; i++) contents.set(`folder/ä+${i}`, randomBytes(randomInt(0, 5000)));
    await inParallel([...contents], ([key, bytes]) =>
      client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: bytes,
          ContentType: 'image/jpeg',
          Metadata: { size: String(bytes.length) },
          Tagging: 'project=alpha',
          ...oldKey.requestFields(),
        }),
      ),
    );
  }, 120_000);

  afterAll(() => client.destroy());

  function start(onLines?: (lines: number) => void, from = 'old', to = 'new'): SsecProcess {
    const keys = ['--key-file', `${from}.key`, '--to-key-file', `${to}.key`];
    const argv = ['rekey', '-r', 'folder/', ...keys, '--through-client', '--json'];
    const child = startSsec(argv, { cwd, env, ...(onLines === undefined ? {} : { onLines }) });
    onTestFinished(() => child.kill());
    return child;
  }

  async function content(key: string, customerKey: CustomerKey): Promise<Buffer | undefined> {
    try {
      const { Body: body } = await client.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, ...customerKey.requestFields() }),
      );
      return Buffer.from((await body?.transformToByteArray()) ?? []);
    } catch {
      return undefined;
    }
  }

  /** Each object opens with one of the two and holds its bytes; returns how many with the new key. */
  async function opened(): Promise<number> {
    let withNew = 0;
    const look = (key: string) => Promise.all([content(key, oldKey), content(key, newKey)]);
    await inParallel([...contents], async ([key, bytes]) => {
      let [before, after] = await look(key);
      // a put of a process that was killed may end between the two looks
      if ((before === undefined) === (after === undefined)) [before, after] = await look(key);
      expect(
        [before, after].filter((one) => one !== undefined),
        key,
      ).toHaveLength(1);
      expect((before ?? after)?.equals(bytes), key).toBe(true);
      if (after !== undefined) withNew += 1;
    });
    return withNew;
  }

  async function described(customerKey: CustomerKey): Promise<void> {
    await inParallel([...contents], async ([key, bytes]) => {
      const head = await client.send(
        new HeadObjectCommand({ Bucket: bucket, Key: key, ...customerKey.requestFields() }),
      );
      expect(head).toMatchObject({
        ContentType: 'image/jpeg',
        ContentLength: bytes.length,
        Metadata: { size: String(bytes.length) },
      });
    });
    const { KeyCount } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(KeyCount).toBe(COUNT);
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
  }

  test('killed twice, then to the end: each is whole under one key all the time', async () => {
    for (let kill = 0; kill < 2; kill++) {
      const from = await opened();
      const last = from + randomInt(1, COUNT / 4);
      const child: SsecProcess = start((lines) => {
        if (lines >= last) child.kill();
      });
      const { signal, code, stderr } = await child.end;
      expect(signal, `it ended with ${code}: ${stderr.slice(-1000)}`).toBe('SIGKILL');
    }
    const done = await opened();
    expect(done).toBeGreaterThan(0);
    const { code, stdout, stderr } = await start().end;
    expect(code, stderr.slice(-1000)).toBe(0);
    expect(recordsOf(stdout)).toHaveLength(COUNT);
    expect(await opened()).toBe(COUNT);
    await described(newKey);
  }, 300_000);

  test('back by two processes at once: both end well', async () => {
    const both = [1, 2].map(() => start(undefined, 'new', 'old'));
    for (const { code, stdout, stderr } of await Promise.all(both.map(({ end }) => end))) {
      expect(code, stderr.slice(-1000)).toBe(0);
      expect(recordsOf(stdout)).toHaveLength(COUNT);
    }
    expect(await opened()).toBe(0);
    await described(oldKey);
  }, 300_000);
});

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values();
  await runWorkers(8, undefined, async () => {
    for (const item of queue) await work(item);
  });
}
