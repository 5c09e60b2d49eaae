import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { KeyFinder } from '../../src/key-finder.ts';
import { listObjectVersions } from '../../src/list-object-versions.ts';
import { type HistoryEntry, rekeyVersions, requireVersioning } from '../../src/rekey/rekey-versions.ts';
import { rejected } from '../unit/support/thrown.ts';
import { headUnder, newKey, oldKey, putPlain } from './rekeying.ts';
import { type World, sandboxed } from './sandboxed.ts';

const target = { bucket: 'bucket', key: 'copy' };

/** Two versions of one content, a delete marker, one without a customer key, and a last one. */
async function withHistory(faults: readonly string[] = []): Promise<World> {
  const world = await sandboxed({ faults });
  await world.plain.send(
    new PutBucketVersioningCommand({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await putPlain(world, Buffer.from('one'), oldKey);
  await putPlain(world, Buffer.from('one'), oldKey);
  await world.plain.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'k' }));
  // a listing tells whole seconds, and of the same one a marker counts as the newer
  await sleep(1000);
  await putPlain(world, Buffer.from('three!'), undefined);
  await putPlain(world, randomBytes(4), oldKey);
  return world;
}

async function versionsOf(world: World, key: string): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of listObjectVersions({ client: world.client, bucket: 'bucket', prefix: key }))
    if (entry.key === key) entries.push(entry);
  return entries;
}

async function copy(world: World, dryRun = false): Promise<readonly string[]> {
  const statuses: string[] = [];
  const results = rekeyVersions({
    client: world.client,
    finder: new KeyFinder({ client: world.client, keys: [oldKey, newKey] }),
    bucket: 'bucket',
    key: 'k',
    to: newKey,
    target,
    versions: await versionsOf(world, 'k'),
    dryRun,
  });
  for await (const { status } of results) statuses.push(status);
  return statuses;
}

const shape = (entries: readonly HistoryEntry[]) =>
  entries.map((entry) => (entry.isDeleteMarker ? 'marker' : entry.size));

test('a copy has the same history, each version of it under the new key', async () => {
  const world = await withHistory();
  expect(await copy(world, true)).toEqual(['pending', 'pending', 'pending', 'pending']);
  expect(await versionsOf(world, 'copy')).toEqual([]);
  expect(await copy(world)).toEqual(['rekeyed', 'rekeyed', 'rekeyed', 'rekeyed']);
  const copies = await versionsOf(world, 'copy');
  expect(shape(copies)).toEqual([4, 6, 'marker', 3, 3]);
  expect(shape(copies)).toEqual(shape(await versionsOf(world, 'k')));
  for (const entry of copies) {
    if (entry.isDeleteMarker) continue;
    const head = await headUnder(world, newKey, 'copy', entry.versionId);
    expect(head.SSECustomerKeyMD5).toBe(newKey.customerKey.md5);
  }
  expect(await copy(world)).toEqual(['already', 'already', 'already', 'already']);
  expect(shape(await versionsOf(world, 'copy'))).toEqual([4, 6, 'marker', 3, 3]);
});

test.for([1, 2, 3])('cut off behind %i copies it goes on there, and makes none twice', async (done) => {
  const world = await withHistory([`fail CopyObject 403 AccessDenied after ${done} requests`]);
  expect((await rejected(copy(world))).code).toBe('ACCESS_DENIED');
  const statuses = await copy(world);
  expect(statuses.filter((status) => status === 'already')).toHaveLength(done);
  expect(shape(await versionsOf(world, 'copy'))).toEqual([4, 6, 'marker', 3, 3]);
});

test('where other versions are, nothing is copied', async () => {
  const world = await withHistory();
  await putPlain(world, Buffer.from('two'), newKey, { Key: 'copy' });
  expect((await rejected(copy(world))).code).toBe('TARGET_EXISTS');
  const { Versions = [] } = await world.plain.send(
    new ListObjectVersionsCommand({ Bucket: 'bucket', Prefix: 'copy' }),
  );
  expect(Versions).toHaveLength(1);
});

test('a bucket that keeps no versions is no place for them', async () => {
  const world = await sandboxed();
  const error = await rejected(requireVersioning(world.client, 'bucket', undefined));
  expect(error).toMatchObject({ code: 'NOT_SUPPORTED' });
  expect(error.hints[0]).toContain('put-bucket-versioning');
});
