import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  CopyObjectCommand,
  PutObjectCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, test } from 'vitest';
import { bucket, runningSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const running = runningSandbox({ minPartBytes: 1 });
const client = sdkClient(running);

type Key = Pick<CreateMultipartUploadCommandInput, 'SSECustomerAlgorithm' | 'SSECustomerKey'>;
const newKey = (): Key => ({
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: randomBytes(32).toString('base64'),
});
const none: Key = {};
const one = newKey();
const other = newKey();
/** Not whole cipher blocks. */
const content = randomBytes(100_003);

beforeAll(async () => {
  for (const [name, key] of [
    ['plain', none],
    ['sealed', one],
  ] as const) {
    await client().send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: content, ...key }));
  }
});

const sourceKey = ({ SSECustomerAlgorithm, SSECustomerKey }: Key) =>
  SSECustomerKey === undefined
    ? {}
    : { CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm, CopySourceSSECustomerKey: SSECustomerKey };

type PartCopy = Partial<UploadPartCopyCommandInput>;

async function startUpload(name: string, more: Partial<CreateMultipartUploadCommandInput> = {}) {
  const address = { Bucket: bucket, Key: name };
  const { UploadId } = await client().send(new CreateMultipartUploadCommand({ ...address, ...more }));
  const copyPart = (PartNumber: number, source: string, part: PartCopy = {}) =>
    client().send(
      new UploadPartCopyCommand({
        ...address,
        UploadId,
        PartNumber,
        CopySource: `${bucket}/${source}`,
        ...part,
      }),
    );
  const complete = (parts: readonly object[], key: Key = none) =>
    client().send(
      new CompleteMultipartUploadCommand({
        ...address,
        UploadId,
        ...key,
        MultipartUpload: { Parts: parts.map((part, index) => ({ ...part, PartNumber: index + 1 })) },
      }),
    );
  return { copyPart, complete };
}

async function bytesOf(name: string, key: Key): Promise<Buffer> {
  const { Body } = await client().send(new GetObjectCommand({ Bucket: bucket, Key: name, ...key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

test.each([
  ['plain', 'plain', none, none],
  ['plain', 'a key', none, one],
  ['sealed', 'the same key', one, one],
  ['sealed', 'another key', one, other],
  ['sealed', 'plain', one, none],
])('%s to %s, in ranges', async (source, target, was, becomes) => {
  const name = `${source} to ${target}`;
  const { copyPart, complete } = await startUpload(name, becomes);
  const ranges = ['bytes=0-49', 'bytes=50-70000', `bytes=70001-${content.length - 1}`];
  const parts = [];
  for (const [index, CopySourceRange] of ranges.entries()) {
    const part = { CopySourceRange, ...sourceKey(was), ...becomes };
    const answer = await copyPart(index + 1, source, part);
    expect(answer.SSECustomerAlgorithm).toBe(becomes.SSECustomerAlgorithm);
    expect(answer.CopyPartResult?.LastModified).toBeInstanceOf(Date);
    parts.push({ ETag: answer.CopyPartResult?.ETag });
  }
  const { ETag } = await complete(parts);
  expect(ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
  expect((await bytesOf(name, becomes)).equals(content)).toBe(true);

  // And back into one piece, which has another ETag and a checksum of all of it.
  const whole = { Bucket: bucket, Key: `${name} whole`, CopySource: `${bucket}/${name}` };
  const back = await client().send(new CopyObjectCommand({ ...whole, ...sourceKey(becomes), ...other }));
  expect(back.CopyObjectResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/);
  expect((await bytesOf(whole.Key, other)).equals(content)).toBe(true);
});

test('in place: the object is its own source', async () => {
  await client().send(new PutObjectCommand({ Bucket: bucket, Key: 'self', Body: content, ...one }));
  const { copyPart, complete } = await startUpload('self', other);
  const { CopyPartResult } = await copyPart(1, 'self', { ...sourceKey(one), ...other });
  await complete([{ ETag: CopyPartResult?.ETag }], other);
  expect((await bytesOf('self', other)).equals(content)).toBe(true);
});

test("the upload's checksum algorithm", async () => {
  const { copyPart, complete } = await startUpload('checked', { ...one, ChecksumAlgorithm: 'SHA256' });
  const { CopyPartResult } = await copyPart(1, 'plain', one);
  const sha256 = createHash('sha256').update(content).digest('base64');
  expect(CopyPartResult?.ChecksumSHA256).toBe(sha256);
  const { ETag, ChecksumSHA256 } = CopyPartResult ?? {};
  const completed = await complete([{ ETag, ChecksumSHA256 }], one);
  expect(completed.ChecksumType).toBe('COMPOSITE');
  // The copy has no parts: its checksum is of the whole.
  const target = { Bucket: bucket, Key: 'checked 2', CopySource: `${bucket}/checked`, ...other };
  await client().send(new CopyObjectCommand({ ...target, ...sourceKey(one) }));
  const address = { Bucket: bucket, Key: 'checked 2', ...other };
  expect(await client().send(new HeadObjectCommand({ ...address, ChecksumMode: 'ENABLED' }))).toMatchObject({
    ChecksumSHA256: sha256,
    ChecksumType: 'FULL_OBJECT',
  });
});

describe('refused', () => {
  test.each([
    ['no range', 'bytes=0-', 'InvalidArgument'],
    ['a range from the end', 'bytes=-5', 'InvalidArgument'],
    ['a range backwards', 'bytes=5-4', 'InvalidArgument'],
    ['a range beyond the end', `bytes=0-${content.length}`, 'InvalidArgument'],
  ])('%s', async (_, CopySourceRange, code) => {
    const { copyPart } = await startUpload('ranges');
    expect(await refusal(copyPart(1, 'plain', { CopySourceRange }))).toMatchObject({ status: 400, code });
  });

  test.each([
    ['no key for the source', one, one],
    ['another key for the source', one, { ...sourceKey(other), ...one }],
    ["another key than the upload's", one, { ...sourceKey(one), ...other }],
    ['no key for the target', one, sourceKey(one)],
    ['a key on a plain upload', none, { ...sourceKey(one), ...one }],
  ])('%s', async (_, upload, part) => {
    const { copyPart } = await startUpload('keys', upload);
    expect(await refusal(copyPart(1, 'sealed', part))).toMatchObject({
      status: 400,
      code: 'InvalidRequest',
    });
  });

  test('a condition that does not hold', async () => {
    const { copyPart } = await startUpload('condition');
    expect((await refusal(copyPart(1, 'plain', { CopySourceIfMatch: '"0"' }))).status).toBe(412);
  });
});
