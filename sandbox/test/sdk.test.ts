import { randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
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

  test('an upload in parts', async () => {
    const address = { Bucket: bucket, Key: 'sdk in parts', ...key };
    // The SDK adds CRC32 to the parts, and Complete may name them only where Create did.
    const create = new CreateMultipartUploadCommand({ ...address, ChecksumAlgorithm: 'CRC32' });
    const { UploadId } = await client.send(create);
    const parts = [randomBytes(5 * 1024 ** 2), content];
    const sent: CompletedPart[] = [];
    for (const [index, body] of parts.entries()) {
      const PartNumber = index + 1;
      const part = { ...address, UploadId, PartNumber, Body: body };
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
      sent.push({ PartNumber, ETag, ChecksumCRC32 });
    }
    const { Parts = [] } = await client.send(new ListPartsCommand({ ...address, UploadId }));
    expect(Parts.map(({ Size }) => Size)).toEqual(parts.map(({ length }) => length));
    const list = { ...address, UploadId, MultipartUpload: { Parts: sent } };
    const { ETag } = await client.send(new CompleteMultipartUploadCommand(list));
    expect(ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const read = await client.send(new GetObjectCommand({ ...address, ChecksumMode: 'ENABLED' }));
    const bytes = Buffer.from((await read.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(Buffer.concat(parts))).toBe(true);
    const described = new GetObjectAttributesCommand({
      ...address,
      ObjectAttributes: ['ObjectParts', 'ObjectSize'],
    });
    const { ObjectParts, ObjectSize } = await client.send(described);
    expect([ObjectParts?.TotalPartsCount, ObjectSize]).toEqual([2, bytes.length]);
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
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(['sdk', 'sdk in parts']);
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
