import { createHash } from 'node:crypto';
import {
  DeleteObjectsCommand,
  HeadObjectCommand,
  type ObjectIdentifier,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { send } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const running = runningSandbox();
const client = sdkClient(running);

const put = (Key: string, Bucket = bucket) => client().send(new PutObjectCommand({ Bucket, Key, Body: Key }));
const remove = (Objects: ObjectIdentifier[], Quiet?: boolean, Bucket = bucket) =>
  client().send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet } }));
const md5 = (body: string) => ({ 'content-md5': createHash('md5').update(body).digest('base64') });
const sendList = (body: string, headers: Record<string, string> = md5(body)) =>
  send(running(), { method: 'POST', path: `/${bucket}?delete`, body, headers });

test('all that is named goes, whether it was there or not', async () => {
  await put('one');
  await put('two & three');
  const answer = await remove([{ Key: 'one' }, { Key: 'two & three' }, { Key: 'never there' }]);
  expect(answer.Deleted).toEqual([{ Key: 'one' }, { Key: 'two & three' }, { Key: 'never there' }]);
  expect(answer.Errors).toBeUndefined();
  const head = new HeadObjectCommand({ Bucket: bucket, Key: 'two & three' });
  expect((await refusal(client().send(head))).status).toBe(404);
});

test('quiet: only what failed is told', async () => {
  const { ETag } = await put('quiet');
  await put('kept');
  const answer = await remove(
    [
      { Key: 'quiet', ETag },
      { Key: 'kept', ETag: '"0"' },
      { Key: 'absent', ETag: '*' },
      { Key: 'kept', VersionId: 'no-such-version' },
      { Key: 'x'.repeat(1025) },
    ],
    true,
  );
  expect(answer.Deleted).toBeUndefined();
  expect(answer.Errors?.map(({ Key, Code }) => [Key?.slice(0, 6), Code])).toEqual([
    ['kept', 'PreconditionFailed'],
    ['absent', 'NoSuchKey'],
    ['kept', 'NoSuchVersion'],
    ['xxxxxx', 'KeyTooLongError'],
  ]);
  expect(answer.Errors?.[2]).toMatchObject({
    VersionId: 'no-such-version',
    Message: 'The specified version does not exist.',
  });
});

test('versions and delete markers', async () => {
  const Bucket = 'versioned-bucket';
  await running().createBucket(Bucket);
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await client().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const { VersionId } = await put('a', Bucket);
  const { Deleted: [marked] = [] } = await remove([{ Key: 'a' }], false, Bucket);
  expect(marked).toMatchObject({ Key: 'a', DeleteMarker: true });
  const marker = marked?.DeleteMarkerVersionId;
  expect(marker).not.toBe(VersionId);
  const { Deleted } = await remove(
    [
      { Key: 'a', VersionId: marker },
      { Key: 'a', VersionId },
    ],
    false,
    Bucket,
  );
  expect(Deleted).toEqual([
    { Key: 'a', VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
    { Key: 'a', VersionId },
  ]);
});

describe('the request', () => {
  const list = (count: number) =>
    `<Delete>${Array.from({ length: count }, (_, index) => `<Object><Key>${index}</Key></Object>`).join('')}</Delete>`;

  test('names at most 1,000 objects, and one', async () => {
    expect((await sendList(list(1000))).text.match(/<Deleted>/g)).toHaveLength(1000);
    for (const body of [list(1001), list(0), '<Delete><Object/></Delete>', '<Delete>']) {
      const answer = await sendList(body);
      expect([answer.status, answer.xml('Code')]).toEqual([400, 'MalformedXML']);
    }
  });

  test('needs a digest of itself', async () => {
    const none = await sendList(list(1), {});
    expect([none.status, none.xml('Code'), none.xml('Message')]).toEqual([
      400,
      'InvalidRequest',
      'Missing required header for this request: Content-MD5',
    ]);
    expect((await sendList(list(1), md5('other'))).xml('Code')).toBe('BadDigest');
    const sha256 = createHash('sha256').update(list(1)).digest('base64');
    expect((await sendList(list(1), { 'x-amz-checksum-sha256': sha256 })).status).toBe(200);
  });

  test('for what only directory buckets have there is 501', async () => {
    const answer = await sendList('<Delete><Object><Key>a</Key><Size>1</Size></Object></Delete>');
    expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
  });
});

test('what is not allowed is refused for each object', () =>
  withSandbox({ denyActions: ['s3:DeleteObject'] }, async (sandbox) => {
    const body = '<Delete><Object><Key>a</Key></Object></Delete>';
    const path = `/${bucket}?delete`;
    const answer = await send(sandbox, { method: 'POST', path, body, headers: md5(body) });
    expect([answer.status, answer.xml('Code')]).toEqual([200, 'AccessDenied']);
  }));
