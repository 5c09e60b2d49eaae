import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { randomBytes, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestRecord } from 'ssec-sandbox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KeyFinder } from '../../src/key-finder.ts';
import { listObjects } from '../../src/list-objects.ts';
import { putObject } from '../../src/put-object.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { runWorkers } from '../../src/transfer/workers.ts';
import { type SsecProcess, recordsOf, startSsec } from '../support/ssec-process.ts';
import { bytesUnder, headUnder, newKey, oldKey, rekey } from './rekeying.ts';
import { type World, sandboxed } from './sandboxed.ts';

/** Objects under the old key, and processes that rekey them. */
interface Crowd {
  readonly world: World;
  readonly contents: ReadonlyMap<string, Buffer>;
  /** `ssec rekey`, from the old key to the new one. */
  readonly start: (...argv: string[]) => SsecProcess;
  /** Told of each request from now on, before its answer. */
  watch(listener: ((request: RequestRecord) => void) | undefined): void;
}

async function crowd(count: number, faults: readonly string[] = []): Promise<Crowd> {
  let listener: ((request: RequestRecord) => void) | undefined;
  const world = await sandboxed({ faults, onRequest: (request) => listener?.(request) });
  const contents = new Map<string, Buffer>();
  for (let i = 0; i < count; i++) contents.set(keyOf(i), randomBytes(randomInt(0, 3000)));
  await inParallel([...contents.keys()], async (key, i) => {
    await putObject({
      client: world.client,
      bucket: 'bucket',
      key,
      customerKey: oldKey.customerKey,
      source: new BytesSource(contents.get(key) ?? Buffer.alloc(0)),
      ...describedAs(i),
    });
  });
  world.requests.length = 0;
  writeFileSync(join(world.folder, 'old.key'), oldKey.customerKey.toBytes(), { mode: 0o600 });
  writeFileSync(join(world.folder, 'new.key'), newKey.customerKey.toBytes(), { mode: 0o600 });
  const env = { ...world.sandbox.env('bucket'), XDG_STATE_HOME: join(world.folder, 'state') };
  return {
    world,
    contents,
    start: (...argv) => {
      const keys = ['--key-file', 'old.key', '--to-key-file', 'new.key'];
      const child = startSsec(['rekey', ...argv, ...keys, '--json'], { cwd: world.folder, env });
      onTestFinished(() => child.kill());
      return child;
    },
    watch: (next) => {
      listener = next;
    },
  };
}

function keyOf(i: number): string {
  return `folder ${i % 7}/ä+${i}.bin`;
}

function describedAs(i: number) {
  return {
    contentType: i % 2 === 0 ? 'image/jpeg' : 'text/plain',
    metadata: { number: String(i) },
    ...(i % 10 === 0 ? { tags: { number: String(i), odd: 'a+b' } } : {}),
  };
}

async function inParallel<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>) {
  const queue = items.entries();
  await runWorkers(16, undefined, async () => {
    for (const [index, item] of queue) await work(item, index);
  });
}

/** Each of these opens with exactly one of the two keys and holds its bytes; returns how many with the new one. */
async function opened({ world, contents }: Crowd, keys: readonly string[]): Promise<number> {
  let withNew = 0;
  await inParallel(keys, async (key) => {
    let found = await bothWays(world, key);
    // what a process that was killed had asked for may be done between the two looks; once, so another look tells
    if (found.filter((bytes) => bytes !== undefined).length !== 1) found = await bothWays(world, key);
    const there = found.filter((bytes) => bytes !== undefined);
    expect(there, key).toHaveLength(1);
    expect(there[0]?.equals(contents.get(key) ?? Buffer.alloc(0)), key).toBe(true);
    if (found[1] !== undefined) withNew += 1;
  });
  return withNew;
}

function bothWays(world: World, key: string) {
  return Promise.all([oldKey, newKey].map((one) => bytesUnder(world, one, key)));
}

/** All objects are under the new key with all that they had, and nothing else is there. */
async function allDone(crowd: Crowd): Promise<void> {
  const { world, contents } = crowd;
  const keys = [...contents.keys()];
  expect(await opened(crowd, keys)).toBe(keys.length);
  await inParallel(keys, async (key, i) => {
    const { contentType, metadata, tags } = describedAs(i);
    expect(await headUnder(world, newKey, key)).toMatchObject({
      ContentType: contentType,
      Metadata: metadata,
    });
    if (tags === undefined) return;
    const { TagSet = [] } = await world.plain.send(
      new GetObjectTaggingCommand({ Bucket: 'bucket', Key: key }),
    );
    expect(Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]))).toEqual(tags);
  });
  expect(await keysThere(world)).toEqual(keys.sort());
  expect(await world.uploads()).toEqual([]);
  expect(world.journals()).toEqual([]);
}

async function keysThere(world: World): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listObjects({ client: world.client, bucket: 'bucket', prefix: '' }))
    keys.push(key);
  return keys.sort();
}

function sampleOf(keys: readonly string[], count: number): string[] {
  const left = [...keys];
  return Array.from({ length: count }, () => left.splice(randomInt(left.length), 1)[0] ?? '');
}

/** A manifest of all of them, in an order of its own. */
function manifest({ world, contents }: Crowd): string[] {
  const keys = sampleOf([...contents.keys()], contents.size);
  writeFileSync(join(world.folder, 'manifest.txt'), keys.map((key) => `s3://bucket/${key}\n`).join(''));
  return keys;
}

describe('a rekey that is killed again and again', { timeout: 300_000 }, () => {
  test.for([
    ['inside the server', 1000, []],
    ['through the client', 120, ['--through-client']],
  ] as const)(
    '%s: each object is whole under one key all the time, and the last run ends it',
    async ([, count, more]) => {
      const them = await crowd(count);
      const keys = [...them.contents.keys()];
      const writes = more.length === 0 ? 'CopyObject' : 'PutObject';
      let before = 0;
      for (let kill = 0; kill < 4; kill++) {
        const child = them.start('-r', 's3://bucket/', ...more);
        // somewhere in the next sixth of the work, in the middle of a copy or of a look
        let left = randomInt(1, Math.floor(count / 6));
        const last = randomInt(2) === 0 ? writes : 'HeadObject';
        them.watch(({ operation, status }) => {
          if (operation === writes && status === 200) left -= 1;
          if (left <= 0 && operation === last) child.kill();
        });
        const { code, signal, stderr } = await child.end;
        expect(signal, `it ended with ${code} before it could be killed: ${stderr.slice(-1000)}`).toBe(
          'SIGKILL',
        );
        them.watch(undefined);
        const done = await opened(them, kill === 3 ? keys : sampleOf(keys, 100));
        if (kill === 3) before = done;
      }
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(count);
      const { code, stdout, stderr } = await them.start('-r', 's3://bucket/', ...more).end;
      expect(code, stderr.slice(-1000)).toBe(0);
      const statuses = recordsOf(stdout).map(({ Status }) => Status);
      expect(statuses).toHaveLength(count);
      // what was done is not done again; the last of those that were killed may have done some more in the meantime
      const already = statuses.filter((status) => status === 'already').length;
      expect(already).toBeGreaterThanOrEqual(before);
      expect(statuses.filter((status) => status === 'rekeyed')).toHaveLength(count - already);
      await allDone(them);
    },
  );
});

describe('several processes at once', { timeout: 300_000 }, () => {
  test.for([
    ['inside the server', 400, []],
    ['through the client', 200, ['--through-client']],
  ] as const)('two on the same objects, %s: both end well', async ([, count, more]) => {
    const them = await crowd(count);
    const both = [1, 2].map(() => them.start('-r', 's3://bucket/', ...more));
    const ends = await Promise.all(both.map(({ end }) => end));
    for (const { code, stdout, stderr } of ends) {
      expect(code, stderr.slice(-1000)).toBe(0);
      const statuses = recordsOf(stdout).map(({ Status }) => Status);
      expect(statuses).toHaveLength(count);
      expect(statuses.every((status) => status === 'rekeyed' || status === 'already')).toBe(true);
    }
    await allDone(them);
  });

  test('four with a quarter each: each object is done once, and the results join with the manifest', async () => {
    const them = await crowd(1000);
    const keys = manifest(them);
    const copies = new Map<string, number>();
    them.watch(({ operation, path }) => {
      if (operation !== 'CopyObject') return;
      const { pathname } = new URL(path, 'https://s3');
      const key = decodeURIComponent(pathname).slice('/bucket/'.length);
      copies.set(key, (copies.get(key) ?? 0) + 1);
    });
    const shares = [0, 1, 2, 3].map((i) => them.start('--manifest', 'manifest.txt', '--shard', `${i}/4`));
    const ends = await Promise.all(shares.map(({ end }) => end));
    for (const { code, stderr } of ends) expect(code, stderr.slice(-1000)).toBe(0);
    expect([...copies.values()].every((times) => times === 1)).toBe(true);
    expect([...copies.keys()].sort()).toEqual([...keys].sort());
    const each = ends.map(({ stdout }) => recordsOf(stdout));
    for (const records of each) expect(records.length).toBeGreaterThan(0);
    const all = each.flat().sort((a, b) => Number(a['Record']) - Number(b['Record']));
    expect(all.map(({ Record }) => Record)).toEqual(keys.map((_, i) => i + 1));
    expect(all.map(({ SourceKey }) => SourceKey)).toEqual(keys);
    expect(new Set(all.map(({ Status, Key }) => `${String(Status)} ${String(Key)}`))).toEqual(
      new Set(keys.map((key) => `rekeyed ${key}`)),
    );
    await allDone(them);
  });
});

describe('a server that asks to slow down', { timeout: 120_000 }, () => {
  const faults = [
    'fail CopyObject 503 SlowDown after 20 requests x80',
    'fail HeadObject 503 SlowDown after 50 requests x40',
  ];

  test('a process: all are done in the end', async () => {
    const them = await crowd(200, faults);
    const { code, stdout, stderr } = await them.start('-r', 's3://bucket/').end;
    expect(code, stderr.slice(-1000)).toBe(0);
    const statuses = recordsOf(stdout).map(({ Status }) => Status);
    expect(statuses).toEqual(statuses.map(() => 'rekeyed'));
    await allDone(them);
  });

  test('fewer are under way at once', async () => {
    const them = await crowd(200, faults);
    const { world, contents } = them;
    const client = world.again({ maxAttempts: 3 });
    const { capacity } = client.slots;
    let fewest = capacity;
    them.watch(() => {
      fewest = Math.min(fewest, client.slots.limit);
    });
    const finder = new KeyFinder({ client, keys: [oldKey, newKey] });
    await inParallel([...contents.keys()], async (key) => {
      expect(await rekey(world, { client, finder, key })).toMatchObject({ status: 'rekeyed' });
    });
    expect(fewest).toBeLessThanOrEqual(capacity / 2);
    await allDone(them);
  });

  test('through the client', async () => {
    const puts = 'fail PutObject 503 SlowDown after 150 requests x60';
    const them = await crowd(100, [puts, 'fail GetObject 503 SlowDown after 20 requests x40']);
    const { code, stderr } = await them.start('-r', 's3://bucket/', '--through-client').end;
    expect(code, stderr.slice(-1000)).toBe(0);
    await allDone(them);
  });
});
