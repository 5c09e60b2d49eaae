import { randomBytes } from 'node:crypto';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type SsecClientOptions, SsecClient } from '../../src/client.ts';
import { putObject } from '../../src/put-object.ts';
import { serviceAnswer } from '../../src/service-answer.ts';
import { toSsecError } from '../../src/service-error.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { ObservedSource } from '../../src/transfer/observed-source.ts';
import { BulkBody } from '../../src/transport/bulk-body.ts';
import { type RawRequest, type RawServer, startRawServer } from '../support/raw-server.ts';
import { startWireServer } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { customerKey } from './support.ts';

const content = randomBytes(1_500_000);
const OK = 'HTTP/1.1 200 OK\r\n';

async function start(
  answer: (socket: TLSSocket, request: RawRequest) => void,
  options: Partial<SsecClientOptions> = {},
): Promise<{ server: RawServer; client: SsecClient }> {
  const server = await startRawServer(answer);
  const client = new SsecClient({
    region: 'us-east-1',
    endpoint: server.endpoint,
    ca: server.caPem,
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET' },
    maxAttempts: 1,
    ...options,
  });
  onTestFinished(async () => {
    client.close();
    await server[Symbol.asyncDispose]();
  });
  return { server, client };
}

async function get(client: SsecClient, signal?: AbortSignal): Promise<BulkBody> {
  const output = await client.send<GetObjectCommandOutput>(
    new GetObjectCommand({ Bucket: 'bucket', Key: 'k', ...customerKey.requestFields() }),
    { bulk: true, signal },
  );
  expect(output.Body).toBeInstanceOf(BulkBody);
  return output.Body as unknown as BulkBody;
}

async function poured(body: BulkBody): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let next = 0;
  const length = await body.pour(async (block, position) => {
    expect(position).toBe(next);
    next += block.length;
    blocks.push(Buffer.from(block));
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
  expect(length).toBe(next);
  return Buffer.concat(blocks);
}

/** The code of what a promise is rejected with, as a command would tell it. */
async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return toSsecError(error, {
      operation: 'GetObject',
      bucket: 'bucket',
      key: 'k',
      customerKeySent: true,
      endpoint: undefined,
    }).code;
  }
  return 'none';
}

const withLength = (bytes: Buffer): string => `${OK}Content-Length: ${bytes.length}\r\n\r\n`;
const send =
  (bytes: Buffer = content) =>
  (socket: TLSSocket): void => {
    socket.write(withLength(bytes));
    socket.write(bytes);
  };

function put(client: SsecClient, noOverwrite = false): Promise<unknown> {
  const source = new BytesSource(content);
  return putObject({ client, bucket: 'bucket', key: 'k', customerKey, source, noOverwrite });
}

const stored = `${OK}Content-Length: 0\r\nx-amz-server-side-encryption-customer-algorithm: AES256\r\nx-amz-server-side-encryption-customer-key-md5: ${customerKey.md5}\r\n\r\n`;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('a body', () => {
  test('poured: in order, and all of it', async () => {
    const { client } = await start(send());
    expect((await poured(await get(client))).equals(content)).toBe(true);
  });

  test('read as a stream', async () => {
    const { client } = await start(send());
    const chunks: Buffer[] = [];
    for await (const chunk of await get(client)) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('read late: it waited in the meantime', async () => {
    const { client } = await start(send());
    const body = await get(client);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await poured(body)).equals(content)).toBe(true);
  });

  test('in chunks', async () => {
    const { server, client } = await start((socket) => {
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`);
      for (let at = 0; at < content.length; at += 70_001) {
        const chunk = content.subarray(at, at + 70_001);
        socket.write(`${chunk.length.toString(16)}\r\n`);
        socket.write(chunk);
        socket.write('\r\n');
      }
      socket.write('0\r\n\r\n');
    });
    for (let i = 0; i < 2; i++) expect((await poured(await get(client))).equals(content)).toBe(true);
    expect(server.connections().made).toBe(1);
  });

  test('none at all', async () => {
    const { client } = await start(send(Buffer.alloc(0)));
    expect(await poured(await get(client))).toHaveLength(0);
  });

  test('behind answers that announce it', async () => {
    const { client } = await start((socket) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n');
      send()(socket);
    });
    expect((await poured(await get(client))).equals(content)).toBe(true);
  });

  test('that nobody takes does not come: the server has to wait, and that is no stall', async () => {
    const large = Buffer.alloc(16 * 1024 * 1024, 'x');
    let sent = false;
    const { client } = await start(
      (socket) => {
        socket.write(withLength(large));
        socket.write(large, () => {
          sent = true;
        });
      },
      { socketTimeoutMs: 500 },
    );
    const body = await get(client);
    let first = true;
    let received = 0;
    await body.pour(async (block) => {
      received += block.length;
      if (!first) return;
      first = false;
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect(sent).toBe(false);
    });
    expect(received).toBe(large.length);
  });

  test.each([
    ['reset', (socket: TLSSocket) => socket.destroy()],
    ['ended', (socket: TLSSocket) => socket.end()],
  ])('that is %s midway', async (_name, cut) => {
    const { server, client } = await start((socket) => {
      socket.write(withLength(content));
      socket.write(content.subarray(0, 1_000_000), () => setTimeout(() => cut(socket), 20));
    });
    expect(await failure(get(client).then(poured))).toBe('NETWORK');
    const body = await get(client);
    await expect(body.toArray()).rejects.toThrow();
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('that stalls midway', async () => {
    const { server, client } = await start(
      (socket) => {
        socket.write(withLength(content));
        socket.write(content.subarray(0, 1_000_000));
      },
      { socketTimeoutMs: 150 },
    );
    expect(await failure(get(client).then(poured))).toBe('TIMEOUT');
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('that is longer than it says', async () => {
    const { server, client } = await start((socket) => {
      socket.write(
        Buffer.concat([Buffer.from(withLength(content)), content, Buffer.from('HTTP/1.1 200 OK')]),
      );
    });
    expect(await failure(get(client).then(poured))).toBe('NETWORK');
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('whose consumer fails: that error, and the connection is closed', async () => {
    const { server, client } = await start(send(Buffer.alloc(8_000_000)));
    const body = await get(client);
    await expect(body.pour(() => Promise.reject(new Error('disk')))).rejects.toThrow('disk');
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('that is given up: the connection is closed', async () => {
    const { server, client } = await start(send(Buffer.alloc(8_000_000)));
    (await get(client)).destroy();
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('that is aborted, once its consumer is done with its block', async () => {
    const { server, client } = await start(send(Buffer.alloc(8_000_000)));
    const controller = new AbortController();
    const body = await get(client, controller.signal);
    let busy = false;
    const pouring = body.pour(async () => {
      busy = true;
      controller.abort(new Error('stop'));
      await new Promise((resolve) => setTimeout(resolve, 30));
      busy = false;
    });
    await expect(pouring).rejects.toMatchObject({ name: 'AbortError' });
    expect(busy).toBe(false);
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('is poured once', async () => {
    const { client } = await start(send());
    const body = await get(client);
    await poured(body);
    await expect(body.pour(() => undefined)).rejects.toThrow('already');
  });
});

describe('a connection', () => {
  test('serves one request after another', async () => {
    const { server, client } = await start((socket, request) =>
      request.head.startsWith('PUT') ? socket.write(stored) : send()(socket),
    );
    for (let i = 0; i < 3; i++) {
      await put(client);
      await poured(await get(client));
    }
    expect(server.requests.map((request) => request.connection)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('more requests than connections wait, and all are served', async () => {
    const { server, client } = await start((socket) => setTimeout(() => send(Buffer.alloc(100))(socket), 5), {
      maxSockets: 2,
    });
    const bodies = await Promise.all(Array.from({ length: 9 }, () => get(client).then(poured)));
    expect(bodies.every((body) => body.length === 100)).toBe(true);
    expect(server.connections().made).toBe(2);
  });

  test('a request that waits for one can be aborted', async () => {
    const { client } = await start(() => undefined, { maxSockets: 1 });
    const first = get(client).catch(() => undefined);
    const controller = new AbortController();
    const second = get(client, controller.signal);
    setTimeout(() => controller.abort(), 20);
    await expect(second).rejects.toMatchObject({ name: 'AbortError' });
    client.close();
    await first;
  });

  test('one that the server closes is used no more', async () => {
    const { server, client } = await start((socket) => {
      socket.write(`${OK}Connection: close\r\nContent-Length: 1\r\n\r\nx`);
    });
    for (let i = 0; i < 3; i++) await poured(await get(client));
    expect(server.requests.map((request) => request.connection)).toEqual([0, 1, 2]);
    // a short handshake from the second on
    expect(server.connections()).toEqual({ made: 3, resumed: 2 });
  });

  test('bytes that nobody asked for end it', async () => {
    const { server, client } = await start((socket) => {
      send(Buffer.from('a'))(socket);
      setTimeout(() => socket.write(`${OK}Content-Length: 4\r\n\r\nevil`), 20);
    });
    await poured(await get(client));
    await expect.poll(() => server.open.size).toBe(0);
    expect((await poured(await get(client))).toString()).toBe('a');
  });

  test('closed by the server just as a request comes: the request goes again, on a new one', async () => {
    const { server, client } = await start((socket, { index }) => {
      if (index === 2) socket.destroy();
      else socket.write(stored);
    });
    await put(client);
    await put(client);
    await put(client);
    expect(server.requests.map((request) => request.connection)).toEqual([0, 0, 0, 1]);
    expect(server.requests.every((request) => request.body.equals(content))).toBe(true);
  });

  test('closed so again and again: not more than once', async () => {
    const { server, client } = await start((socket, { index }) => {
      if (index > 0) socket.destroy();
      else socket.write(stored);
    });
    await put(client);
    expect((await rejected(put(client))).code).toBe('NETWORK');
    expect(server.requests).toHaveLength(3);
  });

  test('closed so on a conditional request: only the caller may ask again', async () => {
    const { server, client } = await start((socket, { index }) => {
      if (index > 0) socket.destroy();
      else socket.write(stored);
    });
    await put(client);
    expect((await rejected(put(client, true))).code).toBe('NETWORK');
    expect(server.requests).toHaveLength(2);
  });

  test('closed by the server before it answered anything: that is no stale one', async () => {
    const { server, client } = await start((socket) => socket.destroy());
    expect((await rejected(put(client))).code).toBe('NETWORK');
    expect(server.requests).toHaveLength(1);
  });
});

describe('an answer', () => {
  test('of an error page that ends with its connection', async () => {
    const { client } = await start((socket) => {
      socket.end('HTTP/1.1 503 Slow Down\r\nConnection: close\r\n\r\n<html>busy</html>');
    });
    expect((await rejected(put(client))).code).toBe('SERVICE_UNAVAILABLE');
  });

  test.each([
    ['nothing of HTTP', 'SSH-2.0-OpenSSH_9\r\n'],
    ['no length', `${OK}\r\nabc`],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    [
      'a refusal that does not end',
      `HTTP/1.1 403 No\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(2_000_000)}`,
    ],
  ])('with %s is none', async (_name, text) => {
    const { server, client } = await start((socket) => socket.write(text));
    expect((await rejected(put(client))).code).toBe('NETWORK');
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('of a server that asks to slow down is heeded', async () => {
    const { client } = await start(
      (socket, { index }) =>
        socket.write(index < 2 ? 'HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n' : stored),
      { maxAttempts: 3 },
    );
    const before = client.slots.limit;
    await put(client);
    expect(client.slots.limit).toBeLessThan(before);
  });
});

describe('an answer to HEAD', () => {
  const head = (client: SsecClient): Promise<HeadObjectCommandOutput> =>
    client.send<HeadObjectCommandOutput>(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' }), {
      bulk: true,
    });

  test('has a length and no body, and another may follow', async () => {
    const { server, client } = await start((socket) => {
      socket.write(`${OK}Content-Length: 123456789\r\nETag: "e"\r\n\r\n`);
    });
    for (let times = 0; times < 3; times++)
      expect(await head(client)).toMatchObject({ ContentLength: 123_456_789, ETag: '"e"' });
    expect(server.requests.every(({ head: text }) => text.startsWith('HEAD '))).toBe(true);
    expect(server.requests.some(({ head: text }) => /^content-length:/im.test(text))).toBe(false);
    expect(server.connections().made).toBe(1);
  });

  test.each([
    ['a refusal with a length', 'HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\n'],
    ['a refusal in chunks', 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a refusal without a word', 'HTTP/1.1 404 Not Found\r\n\r\n'],
  ])('%s: its status is all there is, and the connection goes on', async (_what, answer) => {
    const { server, client } = await start((socket) => socket.write(answer));
    for (let times = 0; times < 2; times++)
      expect(serviceAnswer(await head(client).catch((error: unknown) => error))).toMatchObject({
        status: 404,
        code: undefined,
      });
    expect(server.connections().made).toBe(1);
  });

  test("followed by a body all the same: that is nobody's, and the connection is closed", async () => {
    const { server, client } = await start((socket) => {
      socket.write(`${OK}Content-Length: 4\r\nETag: "e"\r\n\r\nbody`);
    });
    for (let times = 0; times < 2; times++)
      expect(await head(client)).toMatchObject({ ContentLength: 4, ETag: '"e"' });
    expect(server.connections().made).toBe(2);
  });

  test('that comes too late finds nobody', async () => {
    const { client } = await start(() => undefined, { socketTimeoutMs: 50 });
    expect(await failure(head(client))).toBe('TIMEOUT');
  });
});

describe('a part in memory', () => {
  test('is told slice by slice as it leaves, and from the start with each try', async () => {
    const part = randomBytes(5_000_000);
    const progress: number[] = [];
    const { server, client } = await start(
      (socket, { index }) =>
        socket.write(index < 1 ? 'HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n' : stored),
      { maxAttempts: 2 },
    );
    const source = new ObservedSource(new BytesSource(part), (bytes) => progress.push(bytes));
    await client.send(
      new UploadPartCommand({
        Bucket: 'bucket',
        Key: 'k',
        UploadId: 'u',
        PartNumber: 1,
        Body: source as unknown as Buffer,
        ContentLength: part.length,
        ...customerKey.requestFields(),
      }),
      { bulk: true },
    );
    expect(server.requests.every((request) => request.body.equals(part))).toBe(true);
    expect(server.requests[0]?.head).toContain('x-amz-content-sha256: UNSIGNED-PAYLOAD');
    const slices = [1, 2, 3, 4].map((n) => n * 1024 * 1024).concat(part.length);
    expect(progress).toEqual([...slices, ...slices]);
  });

  test('whoever is told of it may fail: then the request does', async () => {
    const { server, client } = await start((socket) => socket.write(stored));
    const source = new BytesSource(content);
    const onProgress = (): void => {
      throw new Error('no progress');
    };
    await expect(
      putObject({ client, bucket: 'bucket', key: 'k', customerKey, source, onProgress }),
    ).rejects.toThrow();
    await expect.poll(() => server.open.size).toBe(0);
  });

  test('a header that would break out of its line is not sent', async () => {
    const { server, client } = await start((socket) => socket.write(stored));
    const source = new BytesSource(content);
    const contentType = 'a/b\r\nx-evil: 1';
    await expect(
      putObject({ client, bucket: 'bucket', key: 'k', customerKey, source, contentType }),
    ).rejects.toThrow();
    expect(server.requests).toHaveLength(0);
  });

  test('a stream that is shorter than was said ends the request', async () => {
    const { server, client } = await start((socket) => socket.write(stored));
    const source = new BytesSource(content);
    vi.spyOn(source, 'open').mockReturnValue(Readable.from([content.subarray(1)]) as unknown as Buffer);
    await expect(putObject({ client, bucket: 'bucket', key: 'k', customerKey, source })).rejects.toThrow();
    expect(server.requests).toHaveLength(0);
    await expect.poll(() => server.open.size).toBe(0);
  });
});

describe('TLS', () => {
  test.each([
    ['of another issuer', (other: string) => ({ ca: other })],
    ['that no system knows', () => ({ ca: undefined as unknown as string })],
  ])('a certificate %s: nothing is sent, whatever the environment says', async (_name, change) => {
    await using other = await startWireServer([{ status: 200 }]);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const { server, client } = await start((socket) => socket.write(stored), change(other.caPem));
    expect((await rejected(put(client))).code).toBe('TLS_UNTRUSTED');
    expect(server.requests).toHaveLength(0);
  });

  test('an abort during the handshake ends it', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
      socket.resume();
    });
    await new Promise<void>((listening) => silent.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void silent.close());
    const { client } = await start(() => undefined, {
      endpoint: `https://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    });
    const controller = new AbortController();
    const getting = get(client, controller.signal);
    await expect.poll(() => sockets.size).toBe(1);
    controller.abort();
    await expect(getting).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => sockets.size).toBe(0);
  });

  // only Linux has all of 127.0.0.0/8 on its loopback
  test.runIf(process.platform === 'linux')('a certificate for another host', async () => {
    const { server, client } = await start((socket) => socket.write(stored));
    const { port } = new URL(server.endpoint);
    const wrong = new SsecClient({
      region: 'us-east-1',
      // the certificate is for 127.0.0.1 and localhost
      endpoint: `https://127.0.0.2:${port}`,
      ca: server.caPem,
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET' },
      maxAttempts: 1,
    });
    client.close();
    expect(['TLS_UNTRUSTED', 'NETWORK']).toContain((await rejected(put(wrong))).code);
    expect(server.requests).toHaveLength(0);
    wrong.close();
  });
});
