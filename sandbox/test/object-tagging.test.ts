import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { send } from './support/raw-request.ts';
import { bucket as Bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const running = runningSandbox();
const client = sdkClient(running);

type Tags = Record<string, string>;
const write = (Key: string, Tagging?: string, more: object = {}) =>
  client().send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging, ...more }));
const setTags = (Key: string, tags: Tags, VersionId?: string) => {
  const TagSet = Object.entries(tags).map(([name, Value]) => ({ Key: name, Value }));
  return client().send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging: { TagSet } }));
};
const tagsOf = async (
  Key: string,
  VersionId?: string,
): Promise<[string | undefined, string | undefined][]> => {
  const { TagSet = [] } = await client().send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
  return TagSet.map(({ Key: name, Value }) => [name, Value]);
};
const clear = (Key: string, VersionId?: string) =>
  client().send(new DeleteObjectTaggingCommand({ Bucket, Key, VersionId }));
/** As GET and HEAD show it. */
const counts = async (Key: string, more: object = {}) => {
  const got = await client().send(new GetObjectCommand({ Bucket, Key, ...more }));
  await got.Body?.transformToByteArray();
  const head = await client().send(new HeadObjectCommand({ Bucket, Key, ...more }));
  return [got.TagCount, head.TagCount];
};

test('are set, read, counted and deleted, without the key of the object', async () => {
  const bytes = randomBytes(32);
  const key = {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: bytes.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(bytes).digest('base64'),
  };
  const { ETag } = await write('sealed', undefined, key);
  expect(await tagsOf('sealed')).toEqual([]);
  await setTags('sealed', { b: '2', 'a+b /ä': 'x=y', empty: '' });
  expect(await tagsOf('sealed')).toEqual([
    ['a+b /ä', 'x=y'],
    ['b', '2'],
    ['empty', ''],
  ]);
  expect(await counts('sealed', key)).toEqual([3, 3]);
  await setTags('sealed', { only: 'one' });
  expect(await tagsOf('sealed')).toEqual([['only', 'one']]);
  const head = await client().send(new HeadObjectCommand({ Bucket, Key: 'sealed', ...key }));
  expect(head.ETag).toBe(ETag);
  await clear('sealed');
  expect(await tagsOf('sealed')).toEqual([]);
  expect(await counts('sealed', key)).toEqual([undefined, undefined]);
});

test('come with a new object, and go with it', async () => {
  await write('born', 'b=2&a=x%20y+z&c');
  expect(await tagsOf('born')).toEqual([
    ['a', 'x y z'],
    ['b', '2'],
    ['c', ''],
  ]);
  await write('born');
  expect(await tagsOf('born')).toEqual([]);
  const upload = { Bucket, Key: 'in-parts' };
  const { UploadId } = await client().send(new CreateMultipartUploadCommand({ ...upload, Tagging: 'a=1' }));
  const { ETag } = await client().send(
    new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'x' }),
  );
  const Parts = [{ PartNumber: 1, ETag }];
  await client().send(
    new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }),
  );
  expect(await tagsOf('in-parts')).toEqual([['a', '1']]);
});

test('are those of a version', async () => {
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const { VersionId: one } = await write('versions', 'n=1');
  const { VersionId: two } = await write('versions', 'n=2');
  expect([await tagsOf('versions', one), await tagsOf('versions')]).toEqual([[['n', '1']], [['n', '2']]]);
  expect((await setTags('versions', { n: 'one' }, one)).VersionId).toBe(one);
  expect((await clear('versions')).VersionId).toBe(two);
  expect([await tagsOf('versions', one), await tagsOf('versions', two)]).toEqual([[['n', 'one']], []]);
  expect(await counts('versions', { VersionId: one })).toEqual([1, 1]);
  const { VersionId: marker } = await client().send(new DeleteObjectCommand({ Bucket, Key: 'versions' }));
  for (const id of [undefined, marker]) {
    for (const request of [tagsOf, clear, (key: string, version?: string) => setTags(key, {}, version)]) {
      const refused = await refusal(request('versions', id));
      expect(refused).toMatchObject({ status: 405, code: 'MethodNotAllowed' });
      expect(refused.headers['x-amz-delete-marker']).toBe('true');
    }
  }
  expect((await refusal(tagsOf('versions', 'x'))).code).toBe('InvalidArgument');
  expect((await refusal(tagsOf('never'))).code).toBe('NoSuchKey');
  await client().send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
  );
});

describe('what is refused', () => {
  const many = (count: number): Tags =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));
  const header = (tags: Tags) => new URLSearchParams(tags).toString();

  test.each<[string, Tags, string | undefined]>([
    ['ten tags', many(10), undefined],
    ['eleven', many(11), 'BadRequest'],
    ['a key of 128 characters', { ['ä'.repeat(128)]: '' }, undefined],
    ['of 129', { ['ä'.repeat(129)]: '' }, 'InvalidTag'],
    ['an empty key', { '': 'v' }, 'InvalidTag'],
    ['a value of 256 characters', { k: 'ä'.repeat(256) }, undefined],
    ['of 257', { k: 'v'.repeat(257) }, 'InvalidTag'],
    ['a comma', { 'a,b': '' }, 'InvalidTag'],
    ['a comma in the value', { k: 'a,b' }, 'InvalidTag'],
    ['a key of AWS', { 'aws:k': 'v' }, 'InvalidTag'],
  ])('%s', async (_, tags, code) => {
    await write('limits');
    if (code === undefined) {
      await setTags('limits', tags);
      await write('limits', header(tags));
      expect(await tagsOf('limits')).toHaveLength(Object.keys(tags).length);
      return;
    }
    expect(await refusal(setTags('limits', tags))).toMatchObject({ status: 400, code });
    expect(await refusal(write('limits', header(tags)))).toMatchObject({ status: 400, code });
    expect(await tagsOf('limits')).toEqual([]);
  });

  test.each(['a=1&a=2', 'a=1,b=2', 'a=%ff', 'a=%'])('the header %s', async (Tagging) => {
    const create = () => client().send(new CreateMultipartUploadCommand({ Bucket, Key: 'h', Tagging }));
    for (const request of [() => write('h', Tagging), create]) {
      expect(await refusal(request())).toMatchObject({ status: 400, code: 'InvalidArgument' });
    }
  });

  test.each([
    [
      '<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>a</Key><Value>2</Value></Tag></TagSet></Tagging>',
      'InvalidTag',
    ],
    ['<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>', 'MalformedXML'],
    ['<Tagging/>', 'MalformedXML'],
  ])('%s', async (body, code) => {
    await write('x');
    const path = `/${Bucket}/x?tagging`;
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const answer = await send(running(), { method: 'PUT', path, body, headers });
    expect([answer.status, answer.xml('Code')]).toEqual([400, code]);
    const bare = await send(running(), { method: 'PUT', path, body });
    expect(bare.xml('Message')).toBe('Missing required header for this request: Content-MD5');
  });

  test('what IAM denies', () =>
    withSandbox({ denyActions: ['s3:PutObjectTagging', 's3:GetObjectTagging'] }, async (sandbox) => {
      const path = `/${Bucket}/a`;
      const tagged = { method: 'PUT', path, headers: { 'x-amz-tagging': 'a=1' } };
      expect((await send(sandbox, tagged)).status).toBe(403);
      expect((await send(sandbox, { method: 'PUT', path })).status).toBe(200);
      expect((await send(sandbox, { method: 'GET', path: `${path}?tagging` })).status).toBe(403);
    }));
});
