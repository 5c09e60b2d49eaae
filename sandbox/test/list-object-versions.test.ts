import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, expect, test } from 'vitest';
import { send } from './support/raw-request.ts';
import { bucket as Bucket, runningSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const running = runningSandbox();
const client = sdkClient(running);

/** As they are listed: by key, of a key the newest first. */
const order: string[] = [];
const put = async (Key: string) => {
  const { VersionId } = await client().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  return `${Key} ${VersionId ?? 'null'}`;
};
const remove = async (Key: string) => {
  const { VersionId } = await client().send(new DeleteObjectCommand({ Bucket, Key }));
  return `${Key} ${VersionId}`;
};

beforeAll(async () => {
  const oldest = await put('a');
  await client().send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const a = [await put('a'), await put('a')];
  const b = [await put('b/1'), await put('b/1'), await put('b/2')];
  const c = [await put('c d'), await remove('c d')];
  const e = await put('e');
  order.push(...a.toReversed(), oldest, b[1] ?? '', b[0] ?? '', b[2] ?? '', ...c.toReversed(), e);
});

const page = async (input: Partial<ListObjectVersionsCommandInput> = {}) => {
  const answer = await client().send(new ListObjectVersionsCommand({ Bucket, ...input }));
  const { Versions = [], DeleteMarkers = [], CommonPrefixes = [] } = answer;
  const found = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => `${Key} ${VersionId}`);
  return { ...answer, found, prefixes: CommonPrefixes.map(({ Prefix }) => Prefix) };
};
/** The SDK gives versions and markers apart: in the order in which they were listed. */
const sorted = (found: readonly string[]) => [...found].sort((a, b) => order.indexOf(a) - order.indexOf(b));

test('versions and delete markers, newest first, and which is the latest', async () => {
  const path = `/${Bucket}?versions&encoding-type=url`;
  const { text } = await send(running(), { method: 'GET', path });
  const entries = text.matchAll(
    /<(?:Version|DeleteMarker)><Key>([^<]*)<\/Key><VersionId>([^<]*)<\/VersionId><IsLatest>(true|false)/g,
  );
  const shown = [...entries].map(([, key = '', version, latest]) => [
    `${key.replaceAll('+', ' ')} ${version}`,
    latest,
  ]);
  const latest = new Set([0, 3, 5, 6, 8]);
  expect(shown).toEqual(order.map((entry, index) => [entry, String(latest.has(index))]));
  const { Versions, DeleteMarkers } = await page();
  expect(Versions?.[0]).toMatchObject({ Size: 1, StorageClass: 'STANDARD', ChecksumAlgorithm: ['CRC32'] });
  expect(DeleteMarkers).toMatchObject([{ Key: 'c d', IsLatest: true }]);
});

test('prefix and delimiter', async () => {
  expect(sorted((await page({ Prefix: 'b/' })).found)).toEqual(order.slice(3, 6));
  const rolled = await page({ Delimiter: '/' });
  expect(sorted(rolled.found)).toEqual([...order.slice(0, 3), ...order.slice(6)]);
  expect(rolled.prefixes).toEqual(['b/']);
  const current = await client().send(new ListObjectsV2Command({ Bucket }));
  expect(current.Contents?.map(({ Key }) => Key)).toEqual(['a', 'b/1', 'b/2', 'e']);
});

async function* pages(
  input: ListObjectVersionsCommandInput,
): AsyncGenerator<ListObjectVersionsCommandOutput> {
  let next: Partial<ListObjectVersionsCommandInput> | undefined = {};
  while (next !== undefined) {
    const answer: ListObjectVersionsCommandOutput = await client().send(
      new ListObjectVersionsCommand({ ...input, ...next }),
    );
    yield answer;
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = answer;
    next = answer.IsTruncated === true ? { KeyMarker, VersionIdMarker } : undefined;
  }
}

test('every page size gives the same entries', async () => {
  for (const pageSize of [1, 2, 4]) {
    for (const Delimiter of [undefined, '/']) {
      const found: string[] = [];
      const prefixes: string[] = [];
      for await (const answer of pages({ Bucket, Delimiter, MaxKeys: pageSize })) {
        const { Versions = [], DeleteMarkers = [], CommonPrefixes = [] } = answer;
        expect(Versions.length + DeleteMarkers.length + CommonPrefixes.length).toBeLessThanOrEqual(pageSize);
        found.push(
          ...sorted([...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => `${Key} ${VersionId}`)),
        );
        prefixes.push(...CommonPrefixes.map(({ Prefix = '' }) => Prefix));
      }
      const rolled = [...order.slice(0, 3), ...order.slice(6)];
      expect([pageSize, found]).toEqual([pageSize, Delimiter === undefined ? order : rolled]);
      expect(prefixes).toEqual(Delimiter === undefined ? [] : ['b/']);
    }
  }
});

test('markers', async () => {
  expect(sorted((await page({ KeyMarker: 'a' })).found)).toEqual(order.slice(3));
  const [key = '', version] = (order[0] ?? '').split(' ');
  const after = await page({ KeyMarker: key, VersionIdMarker: version });
  expect(sorted(after.found)).toEqual(order.slice(1));
  expect(sorted((await page({ KeyMarker: 'a', VersionIdMarker: 'null' })).found)).toEqual(order.slice(3));
  expect((await page({ MaxKeys: 0 })).found).toEqual([]);
  const ended = await page({ MaxKeys: 4, Delimiter: '/' });
  expect([ended.NextKeyMarker, ended.NextVersionIdMarker]).toEqual(['b/', undefined]);
  for (const input of [
    { VersionIdMarker: 'null' },
    { KeyMarker: 'a', VersionIdMarker: '' },
    { KeyMarker: 'a', VersionIdMarker: 'x' },
  ]) {
    expect(await refusal(page(input))).toMatchObject({ status: 400, code: 'InvalidArgument' });
  }
});

test('who deletes page by page misses nothing', async () => {
  const emptied = 'emptied-bucket';
  await running().createBucket(emptied);
  const versioned = { Bucket: emptied, VersioningConfiguration: { Status: 'Enabled' } } as const;
  await client().send(new PutObjectCommand({ Bucket: emptied, Key: 'k', Body: 'x' }));
  await client().send(new PutBucketVersioningCommand(versioned));
  for (let index = 0; index < 6; index += 1) {
    await client().send(new PutObjectCommand({ Bucket: emptied, Key: index < 4 ? 'k' : 'l', Body: 'x' }));
  }
  let count = 0;
  for await (const { Versions = [] } of pages({ Bucket: emptied, MaxKeys: 2 })) {
    count += 1;
    const Objects = Versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
    await client().send(new DeleteObjectsCommand({ Bucket: emptied, Delete: { Objects } }));
  }
  expect(count).toBe(4);
  expect((await client().send(new ListObjectVersionsCommand({ Bucket: emptied }))).Versions).toBeUndefined();
});
