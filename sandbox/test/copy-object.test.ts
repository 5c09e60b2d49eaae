import { createHash, randomBytes } from 'node:crypto';
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { startChecksum } from '../src/checksum/checksum.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const running = runningSandbox();
const client = sdkClient(running);

type Key = Pick<PutObjectCommandInput, 'SSECustomerAlgorithm' | 'SSECustomerKey'>;
const newKey = (): Key => ({
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: randomBytes(32).toString('base64'),
});
const one = newKey();
const other = newKey();
const none: Key = {};
const content = randomBytes(300_000);

const put = (name: string, key: Key, more: Partial<PutObjectCommandInput> = {}) =>
  client().send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: content, ...key, ...more }));
const from = (name: string, { SSECustomerAlgorithm, SSECustomerKey }: Key) => ({
  CopySource: `${bucket}/${name}`,
  ...(SSECustomerKey === undefined
    ? {}
    : { CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm, CopySourceSSECustomerKey: SSECustomerKey }),
});
const copy = (name: string, input: Omit<CopyObjectCommandInput, 'Bucket' | 'Key'>) =>
  client().send(new CopyObjectCommand({ Bucket: bucket, Key: name, ...input }));
const head = (name: string, key: Key) =>
  client().send(new HeadObjectCommand({ Bucket: bucket, Key: name, ...key, ChecksumMode: 'ENABLED' }));
async function bytesOf(name: string, key: Key): Promise<Buffer> {
  const { Body } = await client().send(new GetObjectCommand({ Bucket: bucket, Key: name, ...key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

describe('from and to', () => {
  const pairs = [
    ['plain', 'plain', none, none],
    ['plain', 'a key', none, one],
    ['a key', 'the same key', one, one],
    ['a key', 'another key', one, other],
    ['a key', 'plain', one, none],
  ] as const;

  test.each(pairs)('%s to %s, elsewhere', async (was, becomes, source, target) => {
    const name = `${was} to ${becomes}`;
    await put(name, source);
    const answer = await copy(`${name}, copied`, { ...from(name, source), ...target });
    expect(answer.SSECustomerAlgorithm).toBe(target.SSECustomerAlgorithm);
    expect(answer.ServerSideEncryption).toBe(target === none ? 'AES256' : undefined);
    const { ETag, LastModified, ChecksumCRC32, ChecksumType } = answer.CopyObjectResult ?? {};
    const found = await head(`${name}, copied`, target);
    expect([ETag, LastModified, ChecksumCRC32, ChecksumType]).toEqual([
      found.ETag,
      found.LastModified,
      found.ChecksumCRC32,
      'FULL_OBJECT',
    ]);
    const md5 = `"${createHash('md5').update(content).digest('hex')}"`;
    expect(ETag === md5).toBe(target === none);
    expect((await bytesOf(`${name}, copied`, target)).equals(content)).toBe(true);
    expect((await bytesOf(name, source)).equals(content)).toBe(true);
    if (target !== source) {
      const refused = await refusal(bytesOf(`${name}, copied`, source));
      expect(refused.status).toBe(source === none || target === none ? 400 : 403);
    }
  });

  test.each(pairs.slice(1))('%s to %s, in place', async (was, becomes, source, target) => {
    const name = `${was} to ${becomes} in place`;
    await put(name, source);
    await copy(name, { ...from(name, source), ...target });
    expect((await bytesOf(name, target)).equals(content)).toBe(true);
  });

  test('an empty object, and a name that wants encoding', async () => {
    const name = 'ünï/a+b c?versionId=';
    await put(name, one, { Body: Buffer.alloc(0) });
    const source = { ...from('', one), CopySource: `/${bucket}/${encodeURIComponent(name)}` };
    await copy('empty', { ...source, ...other });
    expect(await bytesOf('empty', other)).toEqual(Buffer.alloc(0));
  });

  test('another bucket', async () => {
    await running().createBucket('elsewhere');
    await put('moves', one);
    const target = { Bucket: 'elsewhere', Key: 'moved', ...from('moves', one), ...other };
    await client().send(new CopyObjectCommand(target));
    const found = await client().send(new HeadObjectCommand({ Bucket: 'elsewhere', Key: 'moved', ...other }));
    expect(found.ContentLength).toBe(content.length);
  });
});

describe('in place', () => {
  test('without any change: refused', async () => {
    await put('same', none);
    expect(await refusal(copy('same', from('same', none)))).toMatchObject({
      status: 400,
      code: 'InvalidRequest',
    });
  });

  test.each([
    ['new metadata', { MetadataDirective: 'REPLACE', Metadata: { a: '1' } }],
    ['a storage class, be it the same', { StorageClass: 'STANDARD' }],
    ['an encryption, be it the same', { ServerSideEncryption: 'AES256' }],
  ] as const)('with %s', async (_, change) => {
    await put('changes', none);
    await copy('changes', { ...from('changes', none), ...change });
    expect((await bytesOf('changes', none)).equals(content)).toBe(true);
  });
});

describe('what goes along', () => {
  const described = {
    ContentType: 'text/x-test',
    CacheControl: 'no-store',
    Metadata: { a: '1' },
    Tagging: 'color=red',
    StorageClass: 'STANDARD_IA',
  } as const;
  const tagsOf = async (name: string) =>
    (await client().send(new GetObjectTaggingCommand({ Bucket: bucket, Key: name }))).TagSet;

  test('headers, metadata and tags, but not the storage class', async () => {
    await put('described', one, described);
    // What is said beside a directive that is not REPLACE is passed over.
    await copy('described 2', { ...from('described', one), ...other, Metadata: { b: '2' }, Tagging: 'b=2' });
    expect(await head('described 2', other)).toMatchObject({
      ContentType: 'text/x-test',
      CacheControl: 'no-store',
      Metadata: { a: '1' },
    });
    expect((await head('described 2', other)).StorageClass).toBeUndefined();
    expect(await tagsOf('described 2')).toEqual([{ Key: 'color', Value: 'red' }]);
  });

  test('or what the request says instead', async () => {
    await put('described', one, described);
    await copy('replaced', {
      ...from('described', one),
      ...other,
      MetadataDirective: 'REPLACE',
      Metadata: { b: '2' },
      TaggingDirective: 'REPLACE',
      Tagging: 'shape=round',
      StorageClass: 'GLACIER_IR',
    });
    const found = await head('replaced', other);
    expect(found).toMatchObject({ Metadata: { b: '2' }, StorageClass: 'GLACIER_IR' });
    expect([found.ContentType, found.CacheControl]).toEqual(['binary/octet-stream', undefined]);
    expect(await tagsOf('replaced')).toEqual([{ Key: 'shape', Value: 'round' }]);
  });

  test('the checksum, or another one that was asked for', async () => {
    await put('checked', one, { ChecksumAlgorithm: 'SHA256' });
    const sha256 = createHash('sha256').update(content).digest('base64');
    const same = await copy('checked 2', { ...from('checked', one), ...other });
    expect(same.CopyObjectResult?.ChecksumSHA256).toBe(sha256);
    const asked = { ...from('checked', one), ...other, ChecksumAlgorithm: 'CRC32C' } as const;
    const { CopyObjectResult } = await copy('checked 3', asked);
    const crc32c = startChecksum('crc32c');
    crc32c.update(content);
    expect(CopyObjectResult?.ChecksumCRC32C).toBe(crc32c.base64());
    expect((await head('checked 3', other)).ChecksumSHA256).toBeUndefined();
  });
});

describe('conditions', () => {
  const past = new Date(Date.now() - 3_600_000);
  const soon = new Date(Date.now() + 3_600_000);

  test.each([
    ['the source is another', { CopySourceIfMatch: '"0"' }, 412],
    ['the source is the same', { CopySourceIfMatch: 'ETAG' }, 200],
    ['the source is not another', { CopySourceIfNoneMatch: 'ETAG' }, 412],
    ['the source is still old', { CopySourceIfModifiedSince: new Date(Date.now() - 1000) }, 200],
    ['the source is new', { CopySourceIfUnmodifiedSince: past }, 412],
    ['the source was not touched', { CopySourceIfUnmodifiedSince: soon }, 200],
    ['a match outweighs a date', { CopySourceIfMatch: 'ETAG', CopySourceIfUnmodifiedSince: past }, 200],
    ['a target that is not to be there', { IfNoneMatch: '*' }, 412],
    ['another target', { IfMatch: '"0"' }, 412],
    ['a target that is no ETag', { IfMatch: '*' }, 501],
  ] as const)('%s', async (_, condition, status) => {
    const { ETag } = await put('conditional', one);
    await put('target', none);
    const conditions = Object.fromEntries(
      Object.entries(condition).map(([name, value]) => [name, value === 'ETAG' ? ETag : value]),
    );
    const request = copy('target', { ...from('conditional', one), ...other, ...conditions });
    if (status === 200) await request;
    else expect((await refusal(request)).status).toBe(status);
  });

  test('a source that was not modified since', async () => {
    await put('old', none);
    const { LastModified } = await head('old', none);
    const condition = { CopySourceIfModifiedSince: LastModified };
    expect((await refusal(copy('new', { ...from('old', none), ...condition }))).status).toBe(412);
  });
});

test('versions, each under its own key', async () => {
  await running().createBucket('versioned');
  const address = { Bucket: 'versioned', Key: 'a' };
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client().send(new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration }));
  const first = await client().send(new PutObjectCommand({ ...address, Body: 'first', ...one }));
  await client().send(new PutObjectCommand({ ...address, Body: 'second', ...other }));
  const source = (versionId: string) => ({
    ...from('', one),
    CopySource: `versioned/a?versionId=${versionId}`,
  });
  const copied = await client().send(
    new CopyObjectCommand({ ...address, ...source(first.VersionId ?? ''), ...other }),
  );
  expect(copied.CopySourceVersionId).toBe(first.VersionId);
  expect(copied.VersionId).not.toBe(first.VersionId);
  const { Body, VersionId } = await client().send(new GetObjectCommand({ ...address, ...other }));
  expect([await Body?.transformToString(), VersionId]).toEqual(['first', copied.VersionId]);
  const missing = new CopyObjectCommand({ ...address, ...source(`${first.VersionId}`.replace(/.$/, '~')) });
  expect((await refusal(client().send(missing))).status).toBe(400);
});
