import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  type DeleteMarkerEntry,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ObjectVersion,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { send } from './support/raw-request.ts';
import { runningSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const running = runningSandbox();
const client = sdkClient(running);

let count = 0;
let Bucket = '';
beforeEach(async () => {
  count += 1;
  Bucket = `versions-${count}`;
  await running().createBucket(Bucket);
});

const Key = 'photo.jpg';
type CustomerKey = { SSECustomerAlgorithm: string; SSECustomerKey: string; SSECustomerKeyMD5: string };
const customerKey = (): CustomerKey => {
  const bytes = randomBytes(32);
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: bytes.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(bytes).digest('base64'),
  };
};
const versioning = (Status: 'Enabled' | 'Suspended') =>
  client().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
const put = (Body: string, key?: CustomerKey) =>
  client().send(new PutObjectCommand({ Bucket, Key, Body, ...key }));
const get = (VersionId?: string, key?: CustomerKey) =>
  client().send(new GetObjectCommand({ Bucket, Key, VersionId, ...key }));
const read = async (VersionId?: string, key?: CustomerKey) => {
  const { Body, VersionId: version } = await get(VersionId, key);
  return [await Body?.transformToString(), version];
};
const head = (VersionId?: string, key?: CustomerKey) =>
  client().send(new HeadObjectCommand({ Bucket, Key, VersionId, ...key }));
const remove = (VersionId?: string, IfMatch?: string) =>
  client().send(new DeleteObjectCommand({ Bucket, Key, VersionId, IfMatch }));
const listed = async () => {
  const { Versions = [], DeleteMarkers = [] } = await client().send(
    new ListObjectVersionsCommand({ Bucket }),
  );
  const show = ({ VersionId, IsLatest }: ObjectVersion | DeleteMarkerEntry) =>
    IsLatest === true ? [VersionId, 'latest'] : [VersionId];
  return { versions: Versions.map(show), markers: DeleteMarkers.map(show) };
};

describe('the setting', () => {
  test('is switched on, suspended, and never off again', async () => {
    const status = async () => (await client().send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect(await status()).toBeUndefined();
    for (const one of ['Enabled', 'Suspended', 'Enabled'] as const) {
      await versioning(one);
      expect(await status()).toBe(one);
    }
  });

  test.each([
    ['<Status>enabled</Status>', 400, 'MalformedXML'],
    ['<Status>Disabled</Status>', 400, 'MalformedXML'],
    ['', 400, 'IllegalVersioningConfigurationException'],
    ['<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>', 501, 'NotImplemented'],
  ])('%s is refused', async (inside, status, code) => {
    const body = `<VersioningConfiguration>${inside}</VersioningConfiguration>`;
    const answer = await send(running(), { method: 'PUT', path: `/${Bucket}?versioning`, body });
    expect([answer.status, answer.xml('Code')]).toEqual([status, code]);
  });
});

describe('without versioning', () => {
  test('no version is spoken of, and `null` names the object', async () => {
    expect((await put('one')).VersionId).toBeUndefined();
    expect(await read()).toEqual(['one', undefined]);
    expect(await read('null')).toEqual(['one', undefined]);
    expect(await remove()).not.toHaveProperty('DeleteMarker');
    expect((await refusal(get())).code).toBe('NoSuchKey');
    expect((await refusal(get('null'))).code).toBe('NoSuchVersion');
  });
});

describe('with versioning', () => {
  beforeEach(() => versioning('Enabled'));

  test('each put is a version with a key of its own', async () => {
    const [first, second] = [customerKey(), customerKey()];
    const { VersionId: one } = await put('one', first);
    const { VersionId: two } = await put('two', second);
    const { VersionId: three } = await put('three');
    expect(new Set([one, two, three, undefined]).size).toBe(4);
    expect(await read(one, first)).toEqual(['one', one]);
    expect(await read(two, second)).toEqual(['two', two]);
    expect(await read()).toEqual(['three', three]);
    expect(await refusal(get(one, second))).toMatchObject({ status: 403, code: 'AccessDenied' });
    expect(await refusal(get(two))).toMatchObject({ status: 400, code: 'InvalidRequest' });
    expect((await head(one, first)).VersionId).toBe(one);
    expect((await refusal(head(one, second))).status).toBe(403);
    const attributes = await client().send(
      new GetObjectAttributesCommand({
        Bucket,
        Key,
        VersionId: one,
        ObjectAttributes: ['ObjectSize'],
        ...first,
      }),
    );
    expect(attributes).toMatchObject({ ObjectSize: 3, VersionId: one });
    expect(await listed()).toEqual({ versions: [[three, 'latest'], [two], [one]], markers: [] });
  });

  test('a completed upload is a version', async () => {
    const { VersionId: before } = await put('before');
    const { UploadId } = await client().send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const part = await client().send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'in parts' }),
    );
    const Parts = [{ PartNumber: 1, ETag: part.ETag }];
    const complete = new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts },
    });
    const { VersionId } = await client().send(complete);
    expect(await read()).toEqual(['in parts', VersionId]);
    expect(await read(before)).toEqual(['before', before]);
    const other = await client().send(new CreateMultipartUploadCommand({ Bucket, Key }));
    await client().send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: other.UploadId }));
    expect((await listed()).versions).toHaveLength(2);
  });

  test('a delete leaves a marker, which can be deleted itself', async () => {
    const { VersionId: one } = await put('one');
    const deleted = await remove();
    expect(deleted.DeleteMarker).toBe(true);
    const marker = deleted.VersionId;
    const shown = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker };
    expect(await refusal(get())).toMatchObject({ status: 404, code: 'NoSuchKey', headers: shown });
    expect(await refusal(head())).toMatchObject({ status: 404, headers: shown });
    const refused = { status: 405, headers: { ...shown, allow: 'DELETE' } };
    expect(await refusal(get(marker))).toMatchObject({ ...refused, code: 'MethodNotAllowed' });
    const bare = await refusal(head(marker));
    expect(bare).toMatchObject(refused);
    expect(Date.parse(bare.headers['last-modified'] ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(await read(one)).toEqual(['one', one]);
    expect(await listed()).toEqual({ versions: [[one]], markers: [[marker, 'latest']] });
    // a second marker on the first
    expect((await remove()).VersionId).not.toBe(marker);
    expect((await listed()).markers).toHaveLength(2);
    for (const [version] of (await listed()).markers) {
      expect(await remove(version)).toMatchObject({ DeleteMarker: true, VersionId: version });
    }
    expect(await read()).toEqual(['one', one]);
    const gone = await remove(one);
    expect([gone.VersionId, gone.DeleteMarker]).toEqual([one, undefined]);
    expect(await refusal(get(one))).toMatchObject({ status: 404, code: 'NoSuchVersion' });
    // Again: there need be nothing to delete.
    expect((await remove(one)).VersionId).toBe(one);
    expect(await listed()).toEqual({ versions: [], markers: [] });
  });

  test('the version before the deleted one is the current one', async () => {
    const { VersionId: one } = await put('one');
    const { VersionId: two } = await put('two');
    await remove(two);
    expect(await read()).toEqual(['one', one]);
  });

  test('what is no version ID', async () => {
    await put('one');
    for (const id of ['x', 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD']) {
      for (const request of [get, remove]) {
        expect(await refusal(request(id))).toMatchObject({ status: 400, code: 'InvalidArgument' });
      }
    }
    const path = `/${Bucket}/${Key}?versionId=`;
    const empty = await send(running(), { method: 'GET', path });
    expect([empty.status, empty.xml('Message')]).toEqual([400, 'Version id cannot be the empty string']);
    const odd = await send(running(), { method: 'GET', path: `${path}x` });
    expect([odd.xml('Message'), odd.xml('ArgumentValue')]).toEqual(['Invalid version id specified', 'x']);
    expect((await refusal(get('null'))).code).toBe('NoSuchVersion');
  });

  test('a bucket is empty once no version is left', async () => {
    const { VersionId: one } = await put('one');
    const { VersionId: marker } = await remove();
    const drop = () => client().send(new DeleteBucketCommand({ Bucket }));
    expect(await refusal(drop())).toMatchObject({ status: 409, code: 'BucketNotEmpty' });
    await remove(one);
    expect((await refusal(drop())).code).toBe('BucketNotEmpty');
    await remove(marker);
    await drop();
  });

  test('conditions are about the current version', async () => {
    const { ETag: one } = await put('one');
    await put('two');
    expect((await refusal(remove(undefined, one))).status).toBe(412);
    const ifMatch = (IfMatch: string | undefined) =>
      client().send(new PutObjectCommand({ Bucket, Key, Body: 'three', IfMatch }));
    expect((await refusal(ifMatch(one))).status).toBe(412);
    await remove();
    expect(await refusal(ifMatch(one))).toMatchObject({ status: 404, code: 'NoSuchKey' });
    expect((await refusal(remove(undefined, '*'))).status).toBe(412);
    // A delete marker is nothing that stands in the way.
    await client().send(new PutObjectCommand({ Bucket, Key, Body: 'four', IfNoneMatch: '*' }));
    expect((await read())[0]).toBe('four');
  });
});

describe('what was there before, and after it is suspended', () => {
  test('is the version `null`, of which there is one', async () => {
    await put('before');
    await versioning('Enabled');
    expect(await read()).toEqual(['before', 'null']);
    const { VersionId: one } = await put('one');
    expect(await read('null')).toEqual(['before', 'null']);
    await versioning('Suspended');
    // S3 names it where it is read, not where it is written.
    expect((await put('after')).VersionId).toBeUndefined();
    expect(await read()).toEqual(['after', 'null']);
    expect(await listed()).toEqual({ versions: [['null', 'latest'], [one]], markers: [] });
    await put('later');
    expect(await read('null')).toEqual(['later', 'null']);
    expect(await remove()).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
    expect(await listed()).toEqual({ versions: [[one]], markers: [['null', 'latest']] });
    expect((await refusal(get('null'))).status).toBe(405);
    expect(await read(one)).toEqual(['one', one]);
    expect(await remove('null')).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
    expect(await read()).toEqual(['one', one]);
    await put('again');
    expect(await listed()).toEqual({ versions: [['null', 'latest'], [one]], markers: [] });
  });
});
