import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const seen: { operation: string; headers: Record<string, string> }[] = [];
const running = runningSandbox({ onRequest: (request) => seen.push(request) });
const key = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: randomBytes(32).toString('base64') };
const content = randomBytes(300_000);

let client: S3Client;
const agents: Agent[] = [];

function connect(sandbox: Sandbox): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey, caPem } = sandbox;
  const httpsAgent = new Agent({ ca: caPem, keepAlive: true });
  agents.push(httpsAgent);
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: { httpsAgent },
  });
}

beforeAll(() => {
  client = connect(running());
});
afterAll(() => {
  for (const agent of agents) agent.destroy();
});

describe("the JavaScript SDK's defaults", () => {
  test.each([
    ['a buffer', () => ({ Body: content })],
    // The SDK sends a stream as aws-chunked with a trailer.
    ['a stream', () => ({ Body: Readable.from(pieces(64 * 1024)), ContentLength: content.length })],
  ])('%s', async (name, body) => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'sdk', ...key, ...body() }));
    const read = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: 'sdk', ...key, ChecksumMode: 'ENABLED' }),
    );
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? [])).toEqual(content);
    expect(read.SSECustomerAlgorithm).toBe('AES256');
    const sent = seen.findLast(({ operation }) => operation === 'PutObject');
    if (name === 'a stream') expect(sent?.headers['x-amz-trailer']).toBe('x-amz-checksum-crc32');
  });

  test("no key: S3's error, by name", async () => {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'sealed', Body: 'x', ...key }));
    await expect(client.send(new GetObjectCommand({ Bucket: bucket, Key: 'sealed' }))).rejects.toMatchObject({
      name: 'InvalidRequest',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'sealed' }))).rejects.toMatchObject(
      {
        $metadata: { httpStatusCode: 400 },
      },
    );
  });

  test('listing', async () => {
    const list = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'sd' }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(['sdk']);
  });

  test('bucket encryption', async () => {
    await running().createBucket('configured', { blockSseC: true });
    const read = () => client.send(new GetBucketEncryptionCommand({ Bucket: 'configured' }));
    const rule = (await read()).ServerSideEncryptionConfiguration?.Rules?.[0];
    expect(rule?.BlockedEncryptionTypes?.EncryptionType).toEqual(['SSE-C']);
    const open = { ...rule, BlockedEncryptionTypes: { EncryptionType: ['NONE' as const] } };
    await client.send(
      new PutBucketEncryptionCommand({
        Bucket: 'configured',
        ServerSideEncryptionConfiguration: { Rules: [open] },
      }),
    );
    await client.send(new PutObjectCommand({ Bucket: 'configured', Key: 'a', Body: 'x', ...key }));
  });

  test("goes by the server's clock after a first refusal", () =>
    withSandbox({ clockSkewMs: 3_600_000 }, async (sandbox) => {
      await connect(sandbox).send(new PutObjectCommand({ Bucket: bucket, Key: 'late', Body: 'x', ...key }));
    }));
});

function* pieces(size: number): Generator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}
