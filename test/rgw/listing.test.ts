import {
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SsecClient } from '../../src/client.ts';
import { listObjectVersions } from '../../src/list-object-versions.ts';
import { listObjects } from '../../src/list-objects.ts';
import { plainClient } from '../support/plain-client.ts';
import { freshBucket, rgwServer } from './rgw-server.ts';

const keys = ['+', ' ', '%', '%2B', 'a b+c', '😀', '<&>"', '\u0001', '\r\n', 'x/y', 'x/z/', 'x+ %2B/1', 'z'];
const inOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const deleted = ['+', '%2B', 'x/y'];
const folded = [...new Set(inOrder.map((key) => key.replace(/\/.*/s, '/')))];

/** RGW encodes names where it is asked to, and not the markers by which the next page is asked for. */
describe('pages of odd names', () => {
  const server = rgwServer();
  let bucket: string;
  let plain: S3Client;
  let client: SsecClient;

  beforeAll(async () => {
    bucket = await freshBucket(server);
    plain = plainClient(server);
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await plain.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
    for (const Key of [...keys, ...keys])
      await plain.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' }));
    for (const Key of deleted) await plain.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    client = new SsecClient({
      region: server.region,
      credentials: server.credentials,
      endpoint: server.endpoint,
      ...(server.caPem === undefined ? {} : { ca: server.caPem }),
    });
  });
  afterAll(() => {
    plain.destroy();
    client.close();
  });

  describe.for([1, 2, 3, 5, 1000])('of %d', (pageSize) => {
    test('objects', async () => {
      const found: string[] = [];
      for await (const { key } of listObjects({ client, bucket, pageSize })) found.push(key);
      expect(found).toEqual(inOrder.filter((key) => !deleted.includes(key)));
    });

    test('versions', async () => {
      const found: string[] = [];
      for await (const version of listObjectVersions({ client, bucket, pageSize }))
        found.push(version.isDeleteMarker ? `${version.key} deleted` : version.key);
      expect(found).toEqual(
        inOrder.flatMap((key) => [...(deleted.includes(key) ? [`${key} deleted`] : []), key, key]),
      );
    });

    test('folders', async () => {
      const objects: string[] = [];
      const versions = new Set<string>();
      const query = { client, bucket, pageSize, delimiter: '/' };
      for await (const entry of listObjects(query))
        objects.push('prefix' in entry ? entry.prefix : entry.key);
      for await (const entry of listObjectVersions(query))
        versions.add('prefix' in entry ? entry.prefix : entry.key);
      expect(objects).toEqual(folded.filter((key) => !deleted.includes(key)));
      expect([...versions]).toEqual(folded);
    });
  });
});
