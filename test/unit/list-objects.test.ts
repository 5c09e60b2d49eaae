import { PutObjectCommand } from '@aws-sdk/client-s3';
import { type Sandbox, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SsecClient } from '../../src/client.ts';
import { type ListObjectsOptions, listObjects } from '../../src/list-objects.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { rejected } from './support/thrown.ts';

const keys = ['+', ' ', '%', '%2B', 'a', 'a b+c', 'ü', '😀', '<&>"', '\u0001', '\r\n', 'x/y', 'x/z/', 'z'];

let sandbox: Sandbox;
let client: SsecClient;
let requests: string[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
  await sandbox.createBucket('my-bucket');
  const access = accessTo(sandbox);
  const plain = plainClient(access);
  for (const Key of keys) await plain.send(new PutObjectCommand({ Bucket: 'my-bucket', Key, Body: Key }));
  plain.destroy();
  client = new SsecClient({
    region: access.region,
    credentials: access.credentials,
    endpoint: sandbox.endpoint,
    ca: sandbox.caPem,
    maxAttempts: 1,
    onRequest: ({ path }) => requests.push(path),
  });
});

afterAll(async () => {
  client.close();
  await sandbox.close();
});

async function listed(options: Partial<ListObjectsOptions> = {}): Promise<string[]> {
  requests = [];
  const found: string[] = [];
  for await (const { key, size } of listObjects({ client, bucket: 'my-bucket', ...options })) {
    expect(size).toBe(Buffer.byteLength(key));
    found.push(key);
  }
  return found;
}

const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

describe('listObjects', () => {
  test('gives every key as it is, in order', async () => {
    expect(await listed()).toEqual(inOrder);
  });

  test('page by page', async () => {
    expect(await listed({ pageSize: 3 })).toEqual(inOrder);
    expect(requests).toHaveLength(5);
  });

  test('under a prefix, behind a key', async () => {
    expect(await listed({ prefix: 'x/' })).toEqual(['x/y', 'x/z/']);
    expect(await listed({ startAfter: 'x/y' })).toEqual(inOrder.slice(inOrder.indexOf('x/y') + 1));
    expect(await listed({ prefix: 'none' })).toEqual([]);
  });

  test.for([1, 2, 1000])('with folders, in pages of %d', async (pageSize) => {
    const found: string[] = [];
    for await (const entry of listObjects({ client, bucket: 'my-bucket', delimiter: '/', pageSize }))
      found.push('prefix' in entry ? `PRE ${entry.prefix}` : entry.key);
    const names = inOrder.filter((key) => !key.startsWith('x/'));
    names.splice(names.indexOf('z'), 0, 'PRE x/');
    expect(found).toEqual(names);
  });

  test('asks for no more than one page ahead', async () => {
    requests = [];
    for await (const { key } of listObjects({ client, bucket: 'my-bucket', pageSize: 2 })) {
      expect(key).toBe(inOrder[0]);
      break;
    }
    expect(requests.length).toBeLessThanOrEqual(2);
  });

  test('says what is wrong', async () => {
    expect((await rejected(listed({ bucket: 'no-such-bucket' }))).code).toBe('BUCKET_NOT_FOUND');
    expect((await rejected(listed({ bucket: 'a..b' }))).code).toBe('SETTING_INVALID');
  });
});
