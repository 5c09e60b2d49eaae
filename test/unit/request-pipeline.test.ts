import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type SendOptions, SsecClient } from '../../src/client.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import {
  type WireHandler,
  type WireRequest,
  type WireServer,
  startWireServer,
} from '../support/wire-server.ts';

const customerKey = CustomerKey.fromBytes(Buffer.alloc(32, 0xa5));
const otherKey = CustomerKey.fromBytes(Buffer.alloc(32, 0x5a));
const object = { Bucket: 'bucket', Key: 'a b/ü', ...customerKey.requestFields() };
const body = { Body: Buffer.from('123456789'), ContentLength: 9, ChecksumCRC32: 'y/Q5Jg==' };

async function start(script: WireHandler): Promise<{ server: WireServer; client: SsecClient }> {
  const server = await startWireServer(script);
  const client = new SsecClient({
    region: 'us-east-1',
    endpoint: server.endpoint,
    ca: server.caPem,
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET', sessionToken: 'TOKEN' },
  });
  onTestFinished(async () => {
    client.close();
    await server.close();
  });
  return { server, client };
}

/** What is the same in every request of its kind. */
function constant(request: WireRequest | undefined): unknown {
  const {
    'amz-sdk-invocation-id': invocation,
    'x-amz-date': date,
    authorization,
    ...headers
  } = request?.headers ?? {};
  expect([invocation, date]).toEqual([
    expect.stringMatching(/^[0-9a-f-]{36}$/),
    expect.stringMatching(/^\d{8}T\d{6}Z$/),
  ]);
  return {
    method: request?.method,
    path: request?.path,
    body: request?.body.toString(),
    headers,
    signed: authorization?.replace(/Signature=[0-9a-f]{64}$/, ''),
  };
}

describe('a request through the shortened pipeline', () => {
  test.each([
    [
      'PutObject',
      () => new PutObjectCommand({ ...object, ...body, ContentType: 'a/b', Metadata: { a: 'b' } }),
    ],
    ['UploadPart', () => new UploadPartCommand({ ...object, ...body, UploadId: 'u', PartNumber: 7 })],
    ['GetObject', () => new GetObjectCommand({ ...object, Range: 'bytes=0-8' })],
    ['HeadObject', () => new HeadObjectCommand({ ...object, VersionId: 'v 1/2' })],
    [
      'CopyObject',
      () =>
        new CopyObjectCommand({
          ...object,
          ...otherKey.copySourceFields(),
          CopySource: 'bucket/a%20b/%C3%BC',
          CopySourceIfMatch: '"e"',
          IfMatch: '"e"',
          TaggingDirective: 'REPLACE',
          Tagging: 'a=b',
        }),
    ],
    [
      'UploadPartCopy',
      () =>
        new UploadPartCopyCommand({
          ...object,
          ...otherKey.copySourceFields(),
          CopySource: 'bucket/k',
          CopySourceRange: 'bytes=0-8',
          UploadId: 'u',
          PartNumber: 7,
        }),
    ],
  ])('%s is the one that the whole pipeline sends', async (_name, command) => {
    const { server, client } = await start(({ headers }) =>
      'x-amz-copy-source' in headers ? { status: 200, body: '<CopyResult/>' } : { status: 200 },
    );
    const send = (options: SendOptions): Promise<unknown> => client.send(command(), options);
    await send({});
    for (let i = 0; i < 2; i++) await send({ bulk: true });
    const [whole, ...short] = server.requests.map(constant);
    expect(short).toEqual([whole, whole]);
    expect(server.requests[0]?.headers['user-agent']).toBe('ssec');
  });

  test('goes to the bucket that it is for, with others at the same time', async () => {
    const { server, client } = await start(() => ({ status: 200 }));
    const buckets = Array.from({ length: 20 }, (_, i) => `bucket-${i % 5}`);
    await Promise.all(
      buckets.map((Bucket) =>
        client.send(new PutObjectCommand({ ...object, ...body, Bucket, Key: Bucket }), { bulk: true }),
      ),
    );
    expect(server.requests.map(({ path }) => path).toSorted()).toEqual(
      buckets.map((bucket) => `/${bucket}/${bucket}?x-id=PutObject`).toSorted(),
    );
  });

  test('counts its attempts', async () => {
    const { server, client } = await start((_request, index) => ({ status: index < 2 ? 503 : 200 }));
    await client.send(new PutObjectCommand({ ...object, ...body }), { bulk: true });
    expect(server.requests.map(({ headers }) => headers['amz-sdk-request'])).toEqual([
      'attempt=1; max=3',
      'attempt=2; max=3',
      'attempt=3; max=3',
    ]);
    expect(new Set(server.requests.map(({ headers }) => headers['amz-sdk-invocation-id'])).size).toBe(1);
  });

  test("takes the server's clock where its own is wrong", async () => {
    const later = new Date(Date.now() + 3 * 3_600_000);
    const { server, client } = await start((_request, index) =>
      index > 0
        ? { status: 200 }
        : {
            status: 403,
            headers: { date: later.toUTCString(), 'content-type': 'application/xml' },
            body: '<Error><Code>RequestTimeTooSkewed</Code><Message>x</Message></Error>',
          },
    );
    await client.send(new PutObjectCommand({ ...object, ...body }), { bulk: true });
    const [, y, mo, d, h, mi, sec] =
      /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(server.requests[1]?.headers['x-amz-date'] ?? '') ?? [];
    const signedAt = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${sec}Z`);
    expect(Math.abs(signedAt - later.getTime())).toBeLessThan(60_000);
  });
});
