import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type Sandbox, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SsecClient } from '../../src/client.ts';
import { listObjectVersions } from '../../src/list-object-versions.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { rejected } from './support/thrown.ts';

const bucket = 'my-bucket';

let sandbox: Sandbox;
let client: SsecClient;

/** As they are listed: of a key from the newest to the oldest. */
const versions: [key: string, size: number | 'deleted', isLatest: boolean][] = [
  ['+ %2B', 2, true],
  ['+ %2B', 1, false],
  ['gone', 'deleted', true],
  ['gone', 'deleted', false],
  ['gone', 3, false],
  ['there again', 2, true],
  ['there again', 'deleted', false],
  ['there again', 1, false],
  ['x/1', 1, true],
  ['x/\u0001\n', 1, true],
];

beforeAll(async () => {
  sandbox = await startSandbox();
  await sandbox.createBucket(bucket);
  const access = accessTo(sandbox);
  const plain = plainClient(access);
  await plain.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  for (const [Key, size] of versions.toReversed()) {
    await plain.send(
      size === 'deleted'
        ? new DeleteObjectCommand({ Bucket: bucket, Key })
        : new PutObjectCommand({ Bucket: bucket, Key, Body: 'x'.repeat(size) }),
    );
  }
  plain.destroy();
  client = new SsecClient({
    region: access.region,
    credentials: access.credentials,
    endpoint: sandbox.endpoint,
    ca: sandbox.caPem,
    maxAttempts: 1,
  });
});

afterAll(async () => {
  client.close();
  await sandbox.close();
});

const inOrder = versions.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

async function listed(options: { bucket?: string; prefix?: string; pageSize?: number } = {}) {
  const found: (typeof versions)[number][] = [];
  const ids = new Set<string>();
  for await (const version of listObjectVersions({ client, bucket, ...options })) {
    found.push([version.key, version.isDeleteMarker ? 'deleted' : version.size, version.isLatest]);
    ids.add(`${version.key} ${version.versionId}`);
  }
  expect(ids.size).toBe(found.length);
  return found;
}

describe('listObjectVersions', () => {
  test('gives versions and delete markers as they came about', async () => {
    expect(await listed()).toEqual(inOrder);
  });

  test.for([1, 2, 3, 7])('in pages of %d', async (pageSize) => {
    expect(await listed({ pageSize })).toEqual(inOrder);
  });

  test('under a prefix', async () => {
    expect(await listed({ prefix: 'gone' })).toEqual(inOrder.filter(([key]) => key === 'gone'));
  });

  test('with folders', async () => {
    const names: string[] = [];
    for await (const entry of listObjectVersions({ client, bucket, delimiter: '/', pageSize: 2 }))
      names.push('prefix' in entry ? entry.prefix : entry.key);
    expect(names).toEqual([...inOrder.map(([key]) => key).filter((key) => !key.startsWith('x/')), 'x/']);
  });

  test('says what is wrong', async () => {
    expect((await rejected(listed({ bucket: 'no-such-bucket' }))).code).toBe('BUCKET_NOT_FOUND');
  });
});
