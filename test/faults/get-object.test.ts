import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SsecError } from '../../src/errors.ts';
import { getObject } from '../../src/get-object.ts';
import { type ChecksumAlgorithm, createChecksum } from '../../src/transfer/checksum.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { type WireAnswer, echoOf, s3Error } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { customerKey, faulty, folder, getFile } from './support.ts';

const content = randomBytes(700_000);

async function checksumOf(algorithm: ChecksumAlgorithm, bytes = content): Promise<Record<string, string>> {
  const sum = await createChecksum(algorithm);
  sum.update(bytes);
  return { [`x-amz-checksum-${algorithm.toLowerCase()}`]: await sum.digest() };
}

/** What S3 answers, changed. */
const answer =
  (change: Partial<WireAnswer>, headers: Record<string, string> = {}) =>
  (request: Parameters<typeof echoOf>[0]): WireAnswer => ({
    status: 200,
    body: content,
    ...change,
    headers: { etag: '"e"', ...echoOf(request), ...headers },
  });

describe('a download that agrees', () => {
  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'with the %s that S3 holds',
    async (algorithm) => {
      const dir = folder();
      const { client } = await faulty(answer({}, await checksumOf(algorithm)));
      const result = await getFile(client, join(dir, 'a'));
      expect(result.proof).toBe(algorithm);
      expect(readFileSync(join(dir, 'a')).equals(content)).toBe(true);
      expect(readdirSync(dir)).toEqual(['a']);
    },
  );

  test('with no checksum at all, by its size', async () => {
    const dir = folder();
    const { client } = await faulty(answer({}));
    expect((await getFile(client, join(dir, 'a'))).proof).toBe('size');
  });

  test.each([
    ['a composite one', { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-type': 'COMPOSITE' }],
    ['one that says so by its number of parts', { 'x-amz-checksum-sha256': 'AAAA-3' }],
    [
      'one of the whole object beside a range',
      { 'x-amz-checksum-crc32': 'AAAAAA==', 'content-range': 'bytes 0-1/9' },
    ],
  ])('%s is not compared', async (_name, headers) => {
    const dir = folder();
    const { client } = await faulty(answer({}, headers));
    expect((await getFile(client, join(dir, 'a'))).proof).toBe('size');
  });

  test('an empty object', async () => {
    const dir = folder();
    const { client } = await faulty(
      answer({ body: Buffer.alloc(0) }, await checksumOf('CRC32', Buffer.alloc(0))),
    );
    expect(await getFile(client, join(dir, 'a'))).toMatchObject({ size: 0, proof: 'CRC32' });
    expect(readFileSync(join(dir, 'a'))).toHaveLength(0);
  });
});

describe.each([
  ['no file is there', undefined],
  ['an older file is there', 'older'],
])('a download that fails, %s', (_where, older) => {
  async function failedGet(script: Parameters<typeof faulty>[0]): Promise<string> {
    const dir = folder();
    if (older !== undefined) writeFileSync(join(dir, 'a'), older);
    const { client } = await faulty(script);
    const { code } = await rejected(getFile(client, join(dir, 'a')));
    expect(readdirSync(dir)).toEqual(older === undefined ? [] : ['a']);
    if (older !== undefined) expect(readFileSync(join(dir, 'a'), 'utf8')).toBe(older);
    return code;
  }

  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    'a flipped bit against the %s',
    async (algorithm) => {
      const flipped = Buffer.from(content);
      flipped[content.length - 1] = (flipped[content.length - 1] ?? 0) ^ 1;
      expect(await failedGet(answer({ body: flipped }, await checksumOf(algorithm)))).toBe(
        'CHECKSUM_MISMATCH',
      );
    },
  );

  test.each([0, 1, 300_000, content.length - 1])('reset after %i bytes', async (after) => {
    expect(await failedGet(answer({ cut: { after, by: 'reset' } }))).toBe('NETWORK');
  });

  test.each([1, content.length - 1])('ended after %i bytes, shorter than announced', async (after) => {
    expect(['NETWORK', 'SIZE_MISMATCH']).toContain(await failedGet(answer({ cut: { after, by: 'end' } })));
  });

  test('an answer without an echo is not written', async () => {
    expect(await failedGet([{ status: 200, body: content }])).toBe('KEY_NOT_NEEDED');
  });

  test('an echo of another key is not written', async () => {
    const md5 = { 'x-amz-server-side-encryption-customer-key-md5': 'arxBvwY2V4SiOne6yppVPQ==' };
    expect(await failedGet(answer({}, md5))).toBe('KEY_NOT_NEEDED');
  });

  test.each([
    [
      'a page of HTML, 502',
      { status: 502, body: '<html><body>Bad Gateway</body></html>' },
      'SERVICE_UNAVAILABLE',
    ],
    ['a page of HTML, 404', { status: 404, body: '<!DOCTYPE html><p>no' }, 'OBJECT_NOT_FOUND'],
    ['no body, 404', { status: 404 }, 'OBJECT_NOT_FOUND'],
    ['no body, 500', { status: 500 }, 'SERVICE_UNAVAILABLE'],
    ['an error as RGW writes it', s3Error(404, 'NoSuchKey', ''), 'OBJECT_NOT_FOUND'],
    ['not XML', { status: 400, body: 'nope' }, 'KEY_MISMATCH'],
  ] as const)('%s', async (_name, failure, code) => {
    expect(await failedGet([failure])).toBe(code);
  });

  test('a stall', async () => {
    const dir = folder();
    if (older !== undefined) writeFileSync(join(dir, 'a'), older);
    const { client } = await faulty(() => new Promise<never>(() => undefined), {
      socketTimeoutMs: 150,
      maxAttempts: 1,
    });
    expect((await rejected(getFile(client, join(dir, 'a')))).code).toBe('TIMEOUT');
    expect(readdirSync(dir)).toEqual(older === undefined ? [] : ['a']);
  });

  test('an interruption', async () => {
    const dir = folder();
    if (older !== undefined) writeFileSync(join(dir, 'a'), older);
    const { client } = await faulty(answer({}));
    const controller = new AbortController();
    const got = getObject({
      client,
      bucket: 'bucket',
      key: 'k',
      customerKey,
      openSink: () => openFileTarget(join(dir, 'a')),
      onProgress: () => controller.abort(),
      signal: controller.signal,
    });
    expect((await rejected(got)).code).toBe('CANCELLED');
    expect(readdirSync(dir)).toEqual(older === undefined ? [] : ['a']);
  });
});

describe('a range', () => {
  const ranged = async (range: string, answer: WireAnswer): Promise<unknown> => {
    const { client } = await faulty((request) => ({
      ...answer,
      headers: { ...echoOf(request), ...answer.headers },
    }));
    const path = join(folder(), 'part');
    const outcome = await getObject({
      client,
      bucket: 'bucket',
      key: 'k',
      customerKey,
      range,
      openSink: () => openFileTarget(path),
    }).catch((error: unknown) => error);
    if (outcome instanceof SsecError) expect(existsSync(path)).toBe(false);
    return outcome;
  };
  const part = (contentRange: string, body: string): WireAnswer => ({
    status: 206,
    headers: { 'content-range': contentRange },
    body,
  });

  test.each([
    ['bytes=1-3', part('bytes 1-3/6', 'bcd')],
    ['bytes=4-', part('bytes 4-5/6', 'ef')],
    ['bytes=4-99', part('bytes 4-5/6', 'ef')],
    ['bytes=-2', part('bytes 4-5/6', 'ef')],
    ['bytes=-99', part('bytes 0-5/6', 'abcdef')],
  ])('%s as it was asked for', async (range, answer) => {
    expect(await ranged(range, answer)).toMatchObject({ proof: 'size', size: answer.body?.length });
  });

  test.each([
    ['ignored: the whole object', 'bytes=1-3', { status: 200, body: 'abcdef' }],
    ['another one', 'bytes=1-3', part('bytes 2-4/6', 'cde')],
    ['less of it', 'bytes=1-3', part('bytes 1-2/6', 'bc')],
    ['not all of the rest', 'bytes=1-', part('bytes 1-3/6', 'bcd')],
    ['another end', 'bytes=-2', part('bytes 0-1/6', 'ab')],
    ['one that is none', 'bytes=1-3', part('bytes 1-3', 'bcd')],
  ])('%s is refused, and nothing is written', async (_name, range, answer) => {
    expect(await ranged(range, answer)).toMatchObject({ code: 'NOT_SUPPORTED' });
  });
});
