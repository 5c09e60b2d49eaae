import { randomBytes } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../src/index.ts';
import { MiB, RawUpload } from './support/multipart.ts';
import { type RawRequest, send, signedHeaders, sseC } from './support/raw-request.ts';
import { bucket } from './support/running-sandbox.ts';

const key = randomBytes(32);
const md5Header = 'x-amz-server-side-encryption-customer-key-md5';
const path = `/${bucket}/o`;
const content = randomBytes(200_000);

let sandbox: Sandbox;
afterEach(() => sandbox?.close());

async function start(...faults: string[]): Promise<Sandbox> {
  sandbox = await startSandbox({ faults });
  await sandbox.createBucket(bucket);
  return sandbox;
}

const put = (body: Buffer | string = content, headers = sseC(key)) =>
  send(sandbox, { method: 'PUT', path, body, headers });
const get = (headers: Record<string, string> = {}) =>
  send(sandbox, { method: 'GET', path, headers: { ...sseC(key), ...headers } });

interface Attempt {
  readonly status: number | undefined;
  readonly received: Buffer;
  readonly outcome: 'complete' | 'cut' | 'stalled';
}

/** One request on a connection of its own, which is given up where nothing moves for a while. */
function attempt(raw: RawRequest): Promise<Attempt> {
  const body = Buffer.from(raw.body ?? '');
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let status: number | undefined;
    const end = (outcome: Attempt['outcome']) => {
      resolve({ status, received: Buffer.concat(pieces), outcome });
      client.destroy();
    };
    const client = httpsRequest(
      {
        host: '127.0.0.1',
        port: sandbox.port,
        method: raw.method,
        path: raw.path,
        ca: sandbox.caPem,
        agent: false,
        timeout: 2000,
        headers: { 'content-length': String(body.length), ...signedHeaders(sandbox, raw) },
      },
      (response) => {
        status = response.statusCode;
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => end('complete'));
        response.on('error', () => end('cut'));
      },
    );
    client.on('timeout', () => end('stalled'));
    client.on('error', () => end('cut'));
    client.end(body);
  });
}

async function withUpload(): Promise<RawUpload> {
  const one = new RawUpload(sandbox, 'o');
  await one.create(sseC(key));
  return one;
}

describe('fail', () => {
  test('so many times, then it works', async () => {
    await start('fail PutObject 503 SlowDown x2');
    const statuses = [await put(), await put(), await put()].map(({ status }) => status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  test('after some requests, for one part number, always', async () => {
    await start('fail UploadPart 500 InternalError part 7 after 1 request always');
    const one = await withUpload();
    const statuses: number[] = [];
    for (const number of [7, 8, 7, 7, 8]) statuses.push((await one.part(number, 'x', sseC(key))).status);
    expect(statuses).toEqual([200, 200, 500, 500, 200]);
  });

  test('several: the first that fits strikes', async () => {
    await start('fail PutObject 503 SlowDown', 'fail PutObject 500 InternalError after 2 requests');
    const statuses = [await put(), await put(), await put(), await put()].map(({ status }) => status);
    expect(statuses).toEqual([503, 200, 500, 200]);
  });
});

describe('drop and stall', () => {
  test.each([
    ['drop', 'cut'],
    ['stall', 'stalled'],
  ] as const)("%s in the middle of the request's body", async (verb, outcome) => {
    await start(`${verb} PutObject after 100000 bytes`);
    const large = { method: 'PUT', path, body: Buffer.alloc(20 * MiB), headers: sseC(key) };
    expect(await attempt(large)).toEqual({ status: undefined, received: Buffer.alloc(0), outcome });
    expect((await get()).status).toBe(404);
    expect((await put()).status).toBe(200);
  });

  test("drop before the request's body, and at its end", async () => {
    await start('drop PutObject after 0 bytes', 'drop PutObject after 200000 bytes');
    const raw = { method: 'PUT', path, body: content, headers: sseC(key) };
    expect((await attempt(raw)).outcome).toBe('cut');
    expect((await attempt(raw)).outcome).toBe('cut');
    expect((await get()).status).toBe(404);
  });

  test.each([
    ['drop', 'cut'],
    ['stall', 'stalled'],
  ] as const)("%s in the middle of the answer's body", async (verb, outcome) => {
    await start(`${verb} GetObject after 65537 bytes`);
    await put();
    const answer = await attempt({ method: 'GET', path, headers: sseC(key) });
    expect([answer.status, answer.outcome]).toEqual([200, outcome]);
    expect(answer.received.equals(content.subarray(0, 65537))).toBe(true);
    expect((await get()).body.equals(content)).toBe(true);
  });

  test('an answer that is shorter comes whole', async () => {
    await start('drop GetObject after 200001 bytes');
    await put();
    const answer = await attempt({ method: 'GET', path, headers: sseC(key) });
    expect([answer.outcome, answer.received.length]).toEqual(['complete', 200_000]);
  });

  test('the side may be said', async () => {
    await start(
      'drop CompleteMultipartUpload after 9 bytes of request',
      'drop ListParts after 30 bytes of answer',
    );
    const one = await withUpload();
    await one.part(1, 'x', sseC(key));
    await expect(one.complete()).rejects.toThrow();
    const listing = { method: 'GET', path: `${path}?uploadId=${one.uploadId}` };
    expect(await attempt(listing)).toMatchObject({ status: 200, outcome: 'cut' });
    expect((await one.complete()).status).toBe(200);
  });

  test('drop-answer: it was done', async () => {
    await start('drop-answer CompleteMultipartUpload', 'drop-answer GetObject');
    const one = await withUpload();
    await one.part(1, 'done', sseC(key));
    await expect(one.complete()).rejects.toThrow();
    await expect(get()).rejects.toThrow();
    expect((await get()).text).toBe('done');
    expect((await one.complete()).xml('Code')).toBe('NoSuchUpload');
  });

  test('closing does not wait for what is stalled', async () => {
    await start('stall PutObject after 1 byte');
    const hanging = attempt({ method: 'PUT', path, body: content, headers: sseC(key) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await sandbox.close();
    expect((await hanging).outcome).toBe('cut');
  });
});

describe('corrupt', () => {
  const flipped = (at: number) => {
    const bytes = Buffer.from(content);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

  test("a byte of the answer's content, of a range by its place in it", async () => {
    await start('corrupt GetObject byte 100000', 'corrupt GetObject byte 1');
    await put();
    expect((await get()).body.equals(flipped(100_000))).toBe(true);
    const range = await get({ range: 'bytes=10-12' });
    expect(range.body.equals(flipped(11).subarray(10, 13))).toBe(true);
    expect((await get()).body.equals(content)).toBe(true);
  });

  test('a byte of what is stored, and the checksum stays that of what came', async () => {
    await start('corrupt PutObject byte 70000');
    const written = await put();
    expect(written.status).toBe(200);
    const read = await get({ 'x-amz-checksum-mode': 'ENABLED' });
    expect(read.body.equals(flipped(70_000))).toBe(true);
    expect(read.headers['x-amz-checksum-crc64nvme']).toBe(written.headers['x-amz-checksum-crc64nvme']);
  });
});

describe('the echo', () => {
  test("another key's on one part", async () => {
    await start('echo-other-key UploadPart part 2');
    const one = await withUpload();
    const echoes = [await one.part(1, 'x', sseC(key)), await one.part(2, 'x', sseC(key))].map(
      ({ status, headers }) => [status, headers[md5Header] === sseC(key)[md5Header]],
    );
    expect(echoes).toEqual([
      [200, true],
      [200, false],
    ]);
  });

  test('none', async () => {
    await start('no-echo PutObject');
    const answer = await put();
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers).join()).not.toContain('customer');
    expect((await get()).status).toBe(200);
  });
});

describe('error-in-200', () => {
  test.each([
    ['error-in-200 CompleteMultipartUpload', 'InternalError', 404],
    ['error-in-200 CompleteMultipartUpload SlowDown completed', 'SlowDown', 200],
  ])('%s', async (fault, code, found) => {
    await start(fault);
    const one = await withUpload();
    await one.part(1, 'x', sseC(key));
    const answer = await one.complete(sseC(key));
    expect([answer.status, answer.xml('Code')]).toEqual([200, code]);
    expect(answer.text).toMatch(/^<\?xml[^>]*>\s{10,}<Error>/);
    expect((await get()).status).toBe(found);
    expect((await one.complete()).status).toBe(found === 200 ? 404 : 200);
  });
});

test('as an object', async () => {
  sandbox = await startSandbox({ faults: [{ operation: 'PutObject', kind: 'drop', bytes: 1, times: 2 }] });
  await sandbox.createBucket(bucket);
  await expect(put()).rejects.toThrow();
});

test.each([
  ['', /^There is no fault ""; there are fail, drop, stall, corrupt, /],
  ['explode PutObject', /^There is no fault "explode"/],
  ['fail PutObject', /^"fail PutObject" is no fault; write: fail OPERATION STATUS CODE \[part N\]/],
  ['fail PutObject 200 OK', /is no fault/],
  ['fail PutObject 503 SlowDown x2 x3', /is no fault/],
  ['fail PutObject 503 SlowDown twice', /is no fault/],
  ['fail PutObjekt 503 SlowDown', /an operation that there is not: "PutObjekt"; there are ListBuckets, /],
  ['fail PutObject 503 SlowDown part 1', /PutObject knows no part numbers/],
  ['fail PutObject 503 SlowDown x0', /"times" 0/],
  ['drop PutObject', /write: drop OPERATION after N bytes \[of request\|of answer\]/],
  ['drop PutObject after some bytes', /is no fault/],
  ['stall GetObject after 10 bytes of question', /is no fault/],
  ['corrupt HeadObject byte 1', /which has no content/],
  ['error-in-200 PutObject', /CompleteMultipartUpload, CopyObject, UploadPartCopy alone/],
])('%s is refused', async (fault, message) => {
  await expect(startSandbox({ faults: [fault] })).rejects.toThrow(message);
});
