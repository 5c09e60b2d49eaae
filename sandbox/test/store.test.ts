import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../src/index.ts';
import { send, signedHeaders, sseC } from './support/raw-request.ts';

let dir = '';
const open: Sandbox[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ssec-sandbox-test-'));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<Sandbox> {
  const sandbox = await startSandbox({ dir });
  open.push(sandbox);
  await sandbox.createBucket('kept');
  return sandbox;
}

/** For a busy machine. */
const patience = { timeout: 4000 };

const path = '/kept/object';
const put = (sandbox: Sandbox, body: Buffer | string, key: Buffer) =>
  send(sandbox, { method: 'PUT', path, body, headers: sseC(key) });
const get = (sandbox: Sandbox, key: Buffer) => send(sandbox, { method: 'GET', path, headers: sseC(key) });
const dataFiles = () => readdirSync(join(dir, 'buckets', 'kept', 'data'));

describe('restart', () => {
  test('objects and bucket settings survive; leftovers of a crash do not', async () => {
    const key = randomBytes(32);
    const content = randomBytes(50_000);
    const first = await start();
    await first.createBucket('blocked', { blockSseC: true, region: 'eu-west-1' });
    await put(first, content, key);
    await first.close();
    await first.close();
    expect(existsSync(first.caFile)).toBe(false);
    writeFileSync(join(dir, 'buckets', 'kept', 'data', 'leftover'), 'half an upload');
    writeFileSync(join(dir, 'buckets', 'kept', 'objects', 'x.json.new'), '{');

    mkdirSync(join(dir, 'buckets', 'half-made', 'data'), { recursive: true });

    const second = await start();
    expect(readdirSync(join(dir, 'buckets')).sort()).toEqual(['blocked', 'kept']);
    expect((await get(second, key)).body).toEqual(content);
    expect((await get(second, randomBytes(32))).status).toBe(403);
    const blocked = await send(second, { method: 'GET', path: '/blocked?encryption', region: 'eu-west-1' });
    expect(blocked.text).toContain('SSE-C');
    expect(dataFiles()).toHaveLength(1);
    expect(readdirSync(join(dir, 'buckets', 'kept', 'objects'))).toHaveLength(1);
  });

  test('uploads survive; the leavings of one that was completed or aborted do not', async () => {
    const key = randomBytes(32);
    const first = await start();
    const inParts = '/kept/in-parts';
    const request = (sandbox: Sandbox, method: string, query: string, body = '') =>
      send(sandbox, { method, path: `${inParts}?${query}`, body, headers: sseC(key) });
    const create = async () => (await request(first, 'POST', 'uploads=')).xml('UploadId') ?? '';
    const complete = (sandbox: Sandbox, id: string, etag: string) => {
      const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`;
      return request(sandbox, 'POST', `uploadId=${id}`, body);
    };
    const [open, ended] = [await create(), await create()];
    const { headers } = await request(first, 'PUT', `partNumber=1&uploadId=${open}`, 'still open');
    const other = await request(first, 'PUT', `partNumber=1&uploadId=${ended}`, 'ended');
    const folder = join(dir, 'buckets', 'kept', 'uploads', ended);
    cpSync(folder, join(dir, 'copy'), { recursive: true });
    expect((await complete(first, ended, other.headers['etag'] ?? '')).status).toBe(200);
    await first.close();
    // As after a crash between the object and the end of its upload.
    renameSync(join(dir, 'copy'), folder);
    mkdirSync(join(dir, 'buckets', 'kept', 'uploads', 'half-made'));
    writeFileSync(join(dir, 'buckets', 'kept', 'data', 'part-that-never-ended'), 'x');

    const second = await start();
    expect(readdirSync(join(dir, 'buckets', 'kept', 'uploads'))).toEqual([open]);
    expect(dataFiles()).toHaveLength(2);
    const read = () => send(second, { method: 'GET', path: inParts, headers: sseC(key) });
    expect((await read()).text).toBe('ended');
    expect((await complete(second, open, headers['etag'] ?? '')).status).toBe(200);
    expect((await read()).text).toBe('still open');
    expect(dataFiles()).toHaveLength(1);
    expect(readdirSync(join(dir, 'buckets', 'kept', 'uploads'))).toEqual([]);
  });

  test('versions survive, each under its key; what a crash left of one does not', async () => {
    const [key, other] = [randomBytes(32), randomBytes(32)];
    const first = await start();
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await put(first, 'oldest', key);
    await send(first, { method: 'PUT', path: '/kept?versioning', body });
    const headers = { ...sseC(other), 'x-amz-tagging': 'kept=yes' };
    const answer = await send(first, { method: 'PUT', path, body: 'older', headers });
    const older = String(answer.headers['x-amz-version-id']);
    await send(first, { method: 'DELETE', path });
    await first.close();
    writeFileSync(join(dir, 'buckets', 'kept', 'objects', 'x.json.new'), '{');

    const second = await start();
    const read = (query: string, bytes: Buffer) =>
      send(second, { method: 'GET', path: path + query, headers: sseC(bytes) });
    expect((await read('', key)).headers['x-amz-delete-marker']).toBe('true');
    expect((await read('?versionId=null', key)).text).toBe('oldest');
    expect((await read(`?versionId=${older}`, other)).text).toBe('older');
    const tagging = await send(second, { method: 'GET', path: `${path}?tagging&versionId=${older}` });
    expect([tagging.xml('Key'), tagging.xml('Value')]).toEqual(['kept', 'yes']);
    expect((await read(`?versionId=${older}`, key)).status).toBe(403);
    const newest = (await put(second, 'newest', key)).headers['x-amz-version-id'];
    const { text } = await send(second, { method: 'GET', path: '/kept?versions' });
    const ids = [...text.matchAll(/<VersionId>([^<]*)/g)].map(([, id]) => id);
    expect([ids.length, ids[0], ids[2], ids[3]]).toEqual([4, newest, older, 'null']);
    expect(dataFiles()).toHaveLength(3);
    await send(second, { method: 'DELETE', path: `${path}?versionId=${older}` });
    expect(dataFiles()).toHaveLength(2);
  });

  test('a folder from before there were versions is read', async () => {
    const key = randomBytes(32);
    const first = await start();
    await put(first, 'kept', key);
    await first.close();
    const objects = join(dir, 'buckets', 'kept', 'objects');
    const file = join(objects, readdirSync(objects)[0] ?? '');
    const { versionId, sequence, ...record } = JSON.parse(readFileSync(file, 'utf8'));
    expect([versionId, sequence]).toEqual(['null', 1]);
    writeFileSync(file, JSON.stringify(record));
    writeFileSync(join(dir, 'sandbox.json'), '{"format":2}');

    const second = await start();
    expect((await get(second, key)).text).toBe('kept');
    await second.close();
    writeFileSync(join(dir, 'sandbox.json'), '{"format":4}');
    await expect(startSandbox({ dir })).rejects.toThrow(/was written by another version of the sandbox/);
  });

  test('without a folder of its own nothing remains', async () => {
    const sandbox = await startSandbox();
    expect(statSync(sandbox.caFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(sandbox.caFile, '..')).mode & 0o777).toBe(0o700);
    expect(readFileSync(sandbox.caFile, 'utf8')).toBe(sandbox.caPem);
    await sandbox.close();
    expect(existsSync(sandbox.dir)).toBe(false);
    expect(existsSync(join(sandbox.caFile, '..'))).toBe(false);
  });
});

describe('the folder', () => {
  test('belongs to one sandbox at a time', async () => {
    await start();
    await expect(startSandbox({ dir })).rejects.toThrow(
      /is in use by another sandbox \(process \d+\); stop it/,
    );
  });

  test('is free again after a crash', async () => {
    const lock = join(dir, 'lock');
    for (const left of [
      '{"pid":999999999,"started":""}',
      // The same number, another process.
      `{"pid":${process.ppid},"started":"1"}`,
    ]) {
      writeFileSync(lock, left);
      const sandbox = await start();
      expect(readFileSync(lock, 'utf8')).toContain(`"pid":${process.pid}`);
      await sandbox.close();
    }
  });

  test("must not be somebody else's", async () => {
    writeFileSync(join(dir, 'thesis.tex'), 'x');
    await expect(startSandbox({ dir })).rejects.toThrow(/is not empty and holds no sandbox/);
    expect(readdirSync(dir)).toEqual(['thesis.tex']);
  });
});

test('a port that is taken is an error, and leaves nothing locked', async () => {
  const first = await start();
  const other = join(dir, 'other');
  await expect(startSandbox({ dir: other, port: first.port })).rejects.toThrow(/EADDRINUSE/);
  expect(existsSync(join(other, 'lock'))).toBe(false);
});

describe('several at once', () => {
  test('of many writers one wins, whole', async () => {
    const sandbox = await start();
    const writers = Array.from({ length: 8 }, (_, index) => ({
      key: Buffer.alloc(32, index + 1),
      content: Buffer.alloc(200_000 + index, index),
    }));
    await Promise.all(writers.map(({ key, content }) => put(sandbox, content, key)));
    const opened = await Promise.all(writers.map(({ key }) => get(sandbox, key)));
    const winners = opened.flatMap((answer, index) => (answer.status === 200 ? [index] : []));
    expect(winners).toHaveLength(1);
    const winner = winners[0] ?? 0;
    expect(opened[winner]?.body).toEqual(writers[winner]?.content);
    expect(dataFiles()).toHaveLength(1);
  });

  test('If-None-Match: * lets one through', async () => {
    const sandbox = await start();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        send(sandbox, { method: 'PUT', path, body: String(index), headers: { 'if-none-match': '*' } }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([200, 412, 412, 412, 412, 412, 412, 412]);
  });

  test('a reader keeps the object that it began with', async () => {
    const sandbox = await start();
    const key = randomBytes(32);
    const content = randomBytes(8_000_000);
    await put(sandbox, content, key);
    const received = createHash('sha256');
    await new Promise<void>((resolve, reject) => {
      const raw = { method: 'GET', path, headers: sseC(key) };
      const headers = signedHeaders(sandbox, raw);
      const reading = request(
        { host: '127.0.0.1', port: sandbox.port, path, ca: sandbox.caPem, headers },
        (response) => {
          response.once('data', (first: Buffer) => {
            response.pause();
            received.update(first);
            response.on('data', (piece: Buffer) => received.update(piece));
            response.on('end', resolve);
            response.on('error', reject);
            void put(sandbox, 'the next one', key).then(() => response.resume(), reject);
          });
        },
      );
      reading.on('error', reject);
      reading.end();
    });
    expect(received.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
    expect((await get(sandbox, key)).text).toBe('the next one');
  });
});

test('an upload in flight shows no plaintext, and one that breaks off leaves nothing', async () => {
  const sandbox = await start();
  const raw = {
    method: 'PUT',
    path,
    payloadHash: 'UNSIGNED-PAYLOAD',
    headers: { ...sseC(randomBytes(32)), 'content-length': '2000000' },
  };
  const upload = request({
    host: '127.0.0.1',
    port: sandbox.port,
    path,
    method: 'PUT',
    ca: sandbox.caPem,
    headers: signedHeaders(sandbox, raw),
  });
  upload.on('error', () => {});
  upload.write('plaintext '.repeat(150_000));
  await vi.waitFor(() => {
    const [file = ''] = dataFiles();
    const bytes = readFileSync(join(dir, 'buckets', 'kept', 'data', file));
    expect(bytes.length).toBeGreaterThan(500_000);
    expect(bytes.includes('plaintext')).toBe(false);
  }, patience);
  upload.destroy();
  await vi.waitFor(() => expect(dataFiles()).toEqual([]), patience);
  expect((await send(sandbox, { method: 'GET', path })).status).toBe(404);
});

test('a refused upload leaves nothing', async () => {
  const sandbox = await start();
  const headers = { 'x-amz-checksum-crc32': 'AAAAAA==', ...sseC(randomBytes(32)) };
  const answer = await send(sandbox, { method: 'PUT', path, body: 'x', headers });
  expect(answer.status).toBe(400);
  expect(dataFiles()).toEqual([]);
});

test('closing ends an upload in flight, and its file', async () => {
  const sandbox = await start();
  const raw = {
    method: 'PUT',
    path,
    payloadHash: 'UNSIGNED-PAYLOAD',
    headers: { 'content-length': '2000000' },
  };
  const upload = request({
    host: '127.0.0.1',
    port: sandbox.port,
    path,
    method: 'PUT',
    ca: sandbox.caPem,
    headers: signedHeaders(sandbox, raw),
  });
  const failed = new Promise((resolve) => upload.on('error', resolve));
  upload.write(Buffer.alloc(1_000_000));
  await vi.waitFor(() => expect(dataFiles()).toHaveLength(1), patience);
  await sandbox.close();
  expect(dataFiles()).toEqual([]);
  await failed;
});
