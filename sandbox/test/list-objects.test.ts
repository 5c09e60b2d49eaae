import {
  ListObjectsCommand,
  type ListObjectsCommandInput,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';
import { bucket as Bucket, runningSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const client = sdkClient(runningSandbox());

const names = ['a', 'b/1', 'b/2', 'b/c/3', 'd e+f&~*/ü', 'e'];
beforeAll(async () => {
  for (const Key of names) await client().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
});

const listV2 = async (input: Partial<ListObjectsV2CommandInput> = {}) => {
  const answer = await client().send(new ListObjectsV2Command({ Bucket, ...input }));
  return { ...answer, ...shown(answer) };
};
const listV1 = async (input: Partial<ListObjectsCommandInput> = {}) => {
  const answer = await client().send(new ListObjectsCommand({ Bucket, ...input }));
  return { ...answer, ...shown(answer) };
};
function shown({
  Contents = [],
  CommonPrefixes = [],
}: {
  Contents?: { Key?: string | undefined }[] | undefined;
  CommonPrefixes?: { Prefix?: string | undefined }[] | undefined;
}) {
  return { keys: Contents.map(({ Key }) => Key), prefixes: CommonPrefixes.map(({ Prefix }) => Prefix) };
}

describe('ListObjectsV2', () => {
  test('all that is said of an object, and its owner only where it is asked for', async () => {
    const { Contents, KeyCount, MaxKeys, Name, Prefix, IsTruncated } = await listV2();
    expect({ KeyCount, MaxKeys, Name, Prefix, IsTruncated }).toEqual({
      KeyCount: 6,
      MaxKeys: 1000,
      Name: Bucket,
      Prefix: '',
      IsTruncated: false,
    });
    expect(Contents?.[0]).toMatchObject({
      Key: 'a',
      Size: 1,
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: ['CRC32'],
      ChecksumType: 'FULL_OBJECT',
    });
    expect(Contents?.[0]?.Owner).toBeUndefined();
    expect((await listV2({ FetchOwner: true })).Contents?.[0]?.Owner?.ID).toMatch(/^ssec0sandbox/);
  });

  test('prefix and delimiter', async () => {
    expect((await listV2({ Prefix: 'b/' })).keys).toEqual(['b/1', 'b/2', 'b/c/3']);
    expect(await listV2({ Delimiter: '/' })).toMatchObject({
      Delimiter: '/',
      keys: ['a', 'e'],
      prefixes: ['b/', 'd e+f&~*/'],
      KeyCount: 4,
    });
    expect(await listV2({ Prefix: 'b/', Delimiter: '/' })).toMatchObject({
      keys: ['b/1', 'b/2'],
      prefixes: ['b/c/'],
    });
    expect((await listV2({ Delimiter: '/c/' })).prefixes).toEqual(['b/c/']);
    expect((await listV2({ Prefix: 'z' })).KeyCount).toBe(0);
  });

  test('start-after, and the token that outweighs it', async () => {
    const first = await listV2({ StartAfter: 'b/1', MaxKeys: 1 });
    expect(first).toMatchObject({ keys: ['b/2'], StartAfter: 'b/1', IsTruncated: true });
    const ContinuationToken = first.NextContinuationToken;
    const second = await listV2({ StartAfter: 'b/1', ContinuationToken });
    expect(second).toMatchObject({ keys: names.slice(3), ContinuationToken, IsTruncated: false });
    expect(second.NextContinuationToken).toBeUndefined();
    for (const token of ['', 'x']) {
      const refused = await refusal(listV2({ ContinuationToken: token }));
      expect(refused).toMatchObject({ status: 400, code: 'InvalidArgument' });
    }
  });

  test('every page size gives the same entries', async () => {
    const rolled = ['a', 'b/', 'd e+f&~*/', 'e'];
    for (const pageSize of [1, 2, 3]) {
      const found: (string | undefined)[] = [];
      for await (const page of paginateListObjectsV2(
        { client: client(), pageSize },
        { Bucket, Delimiter: '/' },
      )) {
        expect(page.KeyCount).toBeLessThanOrEqual(pageSize);
        const { keys, prefixes } = shown(page);
        found.push(...rolled.filter((name) => [...keys, ...prefixes].includes(name)));
      }
      expect(found).toEqual(rolled);
    }
    expect(await listV2({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
    expect((await listV2({ MaxKeys: 5000 })).MaxKeys).toBe(1000);
    expect((await refusal(listV2({ MaxKeys: -1 }))).code).toBe('InvalidArgument');
  });

  test('names as in a URL', async () => {
    const list = await listV2({ EncodingType: 'url', Prefix: 'd e+', Delimiter: '/', StartAfter: 'd ' });
    expect(list).toMatchObject({
      EncodingType: 'url',
      Prefix: 'd+e%2B',
      StartAfter: 'd+',
      prefixes: ['d+e%2Bf%26%7E*/'],
    });
    const odd = listV2({ EncodingType: 'base64' as 'url' });
    expect((await refusal(odd)).code).toBe('InvalidArgument');
  });
});

describe('ListObjects', () => {
  test('the owner is always told, and where to go on only with a delimiter', async () => {
    const first = await listV1({ MaxKeys: 2 });
    expect(first).toMatchObject({ keys: ['a', 'b/1'], Marker: '', IsTruncated: true });
    expect(first.NextMarker).toBeUndefined();
    expect(first.Contents?.[0]?.Owner?.ID).toMatch(/^ssec0sandbox/);
    expect(await listV1({ Marker: 'b/1' })).toMatchObject({ keys: names.slice(2), Marker: 'b/1' });
    const rolled = await listV1({ MaxKeys: 2, Delimiter: '/' });
    expect(rolled).toMatchObject({ keys: ['a'], prefixes: ['b/'], NextMarker: 'b/', IsTruncated: true });
    const rest = await listV1({ Marker: rolled.NextMarker, Delimiter: '/' });
    expect(rest).toMatchObject({ keys: ['e'], prefixes: ['d e+f&~*/'], IsTruncated: false });
    expect(rest.NextMarker).toBeUndefined();
  });

  test('names as in a URL', async () => {
    const list = await listV1({ EncodingType: 'url', Marker: 'b/c/3', MaxKeys: 1, Delimiter: '/' });
    expect(list).toMatchObject({ Marker: 'b/c/3', NextMarker: 'd+e%2Bf%26%7E*/' });
  });
});
