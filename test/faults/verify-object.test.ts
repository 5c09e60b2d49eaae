import { PutObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { formatObjectAddress } from '../../src/object-address.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import { type VerifyObjectOptions, type VerifyObjectResult, verifyObject } from '../../src/verify-object.ts';
import { unit } from '../support/small-plans.ts';
import { type WireAnswer, type WireHandler, type WireRequest, s3Error } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { checkedObject } from './download.ts';
import { type World, sandboxed } from './sandboxed.ts';
import { type StoredObject, servesObject } from './stored-object.ts';
import { clientOf, customerKey, faulty, folder } from './support.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const KEY_MD5 = 'x-amz-server-side-encryption-customer-key-md5';
const object = { bucket: 'bucket', key: 'k' };
const address = formatObjectAddress(object);
const content = randomBytes(3000);
const other = Buffer.from(content);
other[1234] = (other[1234] ?? 0) ^ 1;

type Wishes = Partial<Omit<VerifyObjectOptions, 'client' | 'bucket' | 'key'>>;

/** One that behaves, but for what is twisted. */
const locked = (
  stored: () => StoredObject,
  twist?: (answer: WireAnswer, request: WireRequest) => WireAnswer,
): WireHandler => {
  const serve = servesObject(stored);
  return async (request, index) => {
    const md5 = request.headers[KEY_MD5];
    const refused = s3Error(
      md5 === undefined ? 400 : 403,
      md5 === undefined ? 'InvalidRequest' : 'AccessDenied',
    );
    const answer = md5 === customerKey.md5 ? await serve(request, index) : refused;
    return twist?.(answer, request) ?? answer;
  };
};

async function verifyOn(handler: WireHandler, wishes: Wishes = {}) {
  const { server, client } = await faulty(handler, { maxAttempts: 1 });
  const verified = verifyObject({ client, ...object, customerKey, ...wishes });
  const asked = (): readonly string[] => server.requests.map(({ method }) => method);
  return { verified, asked };
}

async function proofOn(handler: WireHandler, wishes: Wishes = {}): Promise<Partial<VerifyObjectResult>> {
  const { verified } = await verifyOn(handler, wishes);
  const { proof, read, locked: isLocked } = await verified;
  return { proof, read, locked: isLocked };
}

async function failureOn(handler: WireHandler, wishes: Wishes = {}) {
  const { verified } = await verifyOn(handler, wishes);
  const { code, message } = await rejected(verified);
  return { code, message };
}

const file = (bytes: Buffer): BytesSource => new BytesSource(bytes, 'mine');
const checked = (): StoredObject => checkedObject(content);
const unchecked = (): StoredObject => ({ content });

describe('what is read, and what it proves', () => {
  test('a checksum of the whole: one HEAD', async () => {
    const { verified, asked } = await verifyOn(locked(checked));
    expect(await verified).toMatchObject({ ...object, size: 3000, proof: 'stored', read: false });
    expect(asked()).toEqual(['HEAD']);
  });

  test('the same against a file', async () => {
    const { verified, asked } = await verifyOn(locked(checked), { file: file(content) });
    expect(await verified).toMatchObject({ proof: 'CRC32', read: false, locked: undefined });
    expect(asked()).toEqual(['HEAD']);
  });

  test('read all the same', async () => {
    const told: number[] = [];
    const seen: number[] = [];
    const onRead = ({ size }: { size: number }): Promise<void> => Promise.resolve(void told.push(size));
    const wishes = { read: true, onRead, onProgress: (bytes: number) => void seen.push(bytes) };
    expect(await proofOn(locked(checked), wishes)).toMatchObject({ proof: 'CRC32', read: true });
    expect(told).toEqual([3000]);
    expect(seen.at(-1)).toBe(3000);
  });

  test('no checksum: the content is read', async () => {
    expect(await proofOn(locked(unchecked))).toMatchObject({ proof: 'size', read: true });
    expect(await proofOn(locked(unchecked), { file: file(content) })).toMatchObject({
      proof: 'bytes',
      read: true,
    });
  });

  test('nothing in it', async () => {
    const empty = Buffer.alloc(0);
    expect(
      await proofOn(
        locked(() => ({ content: empty })),
        { file: file(empty), locked: true },
      ),
    ).toEqual({
      proof: 'bytes',
      read: true,
      locked: true,
    });
    expect(
      await proofOn(
        locked(() => checkedObject(empty)),
        { file: file(empty) },
      ),
    ).toMatchObject({
      proof: 'CRC32',
    });
  });

  test('a large one without a checksum, in ranges, beside the file', async () => {
    const large = randomBytes(100 * unit);
    const serve = locked(() => ({ content: large }));
    expect(await proofOn(serve, { file: file(large) })).toMatchObject({ proof: 'bytes', read: true });
    const changed = Buffer.from(large);
    changed[90 * unit] = (changed[90 * unit] ?? 0) ^ 1;
    expect(await failureOn(serve, { file: file(changed) })).toEqual({
      code: 'CHECKSUM_MISMATCH',
      message: `"mine" and ${address} are of one size and differ, from byte ${90 * unit} on.`,
    });
  });
});

describe('what does not agree', () => {
  const lying = (): StoredObject => ({ ...checkedObject(other), content });

  test('the file, by its checksum', async () => {
    const failure = await failureOn(locked(checked), { file: file(other) });
    expect(failure.code).toBe('CHECKSUM_MISMATCH');
    expect(failure.message).toMatch(
      /^The CRC32 of "mine" is \S{8}, and that of s3:\/\/bucket\/k is \S{8}\.$/,
    );
  });

  test('the file, byte by byte', async () => {
    for (const wishes of [{}, { read: true }]) {
      expect(await failureOn(locked(unchecked), { file: file(other), ...wishes })).toEqual({
        code: 'CHECKSUM_MISMATCH',
        message: `"mine" and ${address} are of one size and differ, from byte 1234 on.`,
      });
    }
  });

  test('the size of the file: nothing is read', async () => {
    const wishes = { file: file(content.subarray(1)), read: true };
    const { verified, asked } = await verifyOn(locked(unchecked), wishes);
    const { code, message } = await rejected(verified);
    expect(code).toBe('SIZE_MISMATCH');
    expect(message).toBe(`"mine" has 2999 bytes, and ${address} has 3000.`);
    expect(asked()).toEqual(['HEAD']);
  });

  test('the checksum that the server holds: found where the content is read', async () => {
    expect(await proofOn(locked(lying))).toMatchObject({ proof: 'stored' });
    expect((await failureOn(locked(lying), { read: true })).message).toMatch(
      /^The bytes of s3:\/\/bucket\/k do not agree with the CRC32 that S3 holds/,
    );
    // the file is as it was put, and the object is not what S3 says that it is
    expect((await failureOn(locked(lying), { read: true, file: file(content) })).code).toBe(
      'CHECKSUM_MISMATCH',
    );
  });

  test('the object is another one by the time that it is read', async () => {
    let asked = 0;
    const stored = (): StoredObject => ({ content, etag: asked++ === 0 ? '"first"' : '"second"' });
    expect(await failureOn(locked(stored))).toEqual({
      code: 'OBJECT_CHANGED',
      message: `${address} changed while it was verified.`,
    });
  });

  test('the file changes while it is read', async () => {
    const path = join(folder(), 'mine');
    writeFileSync(path, content);
    const source = await FileSource.open(path, 'mine');
    appendFileSync(path, 'more');
    for (const stored of [checked, unchecked]) {
      const { verified } = await verifyOn(locked(stored), { file: source });
      const { code, message, hints } = await rejected(verified);
      expect([code, message, hints]).toEqual([
        'FILE_CHANGED',
        '"mine" changed while it was read.',
        ['verify it again once nobody writes to it'],
      ]);
    }
    await source.close();
  });

  test('a body that ends too soon', async () => {
    const short = locked(unchecked, (answer, { method }) =>
      method === 'GET' ? { ...answer, cut: { after: 100, by: 'end' } } : answer,
    );
    expect(['SIZE_MISMATCH', 'NETWORK']).toContain((await failureOn(short)).code);
  });
});

describe('locked', () => {
  const isKeyless = ({ headers }: WireRequest): boolean => headers[KEY_MD5] === undefined;
  const isForeign = ({ headers }: WireRequest): boolean =>
    headers[KEY_MD5] !== undefined && headers[KEY_MD5] !== customerKey.md5;
  const open: WireAnswer = { status: 206, headers: { 'content-range': 'bytes 0-0/3000' }, body: 'x' };

  test('refused without the key and with another', async () => {
    const { verified, asked } = await verifyOn(locked(checked), { locked: true });
    expect(await verified).toMatchObject({ proof: 'stored', read: false, locked: true });
    expect(asked()).toEqual(['HEAD', 'GET', 'GET']);
  });

  test('as Ceph refuses another key', async () => {
    const ceph = locked(checked, (answer, request) =>
      isForeign(request) ? s3Error(400, 'InvalidRequest') : answer,
    );
    expect(await proofOn(ceph, { locked: true })).toMatchObject({ locked: true });
  });

  test('each time with a key that nobody has', async () => {
    const keys = new Set<string | undefined>();
    const note = locked(checked, (answer, request) => {
      if (isForeign(request)) keys.add(request.headers[KEY_MD5]);
      return answer;
    });
    await proofOn(note, { locked: true });
    await proofOn(note, { locked: true });
    expect(keys.size).toBe(2);
  });

  test.each([
    ['without a key', isKeyless],
    ['with a key that is not its own', isForeign],
  ])('shown %s', async (door, isDoor) => {
    const leaky = locked(checked, (answer, request) => (isDoor(request) ? open : answer));
    expect(await proofOn(leaky)).toMatchObject({ proof: 'stored' });
    expect(await failureOn(leaky, { locked: true, file: file(content) })).toEqual({
      code: 'KEY_IGNORED',
      message: `The server shows ${address} ${door}: it is not locked.`,
    });
  });

  test('another object is shown, put a moment ago', async () => {
    let asked = 0;
    const stored = (): StoredObject => ({ ...checked(), etag: asked++ === 0 ? '"first"' : '"second"' });
    const leaky = locked(stored, (answer, request) => (isKeyless(request) ? open : answer));
    expect((await failureOn(leaky, { locked: true })).code).toBe('OBJECT_CHANGED');
  });

  test('an empty object that is shown', async () => {
    const leaky = locked(
      () => ({ content: Buffer.alloc(0) }),
      (answer, request) =>
        isForeign(request) ? { status: 200, headers: { 'content-length': '0' } } : answer,
    );
    expect((await failureOn(leaky, { locked: true })).code).toBe('KEY_IGNORED');
  });

  test.each([
    ['no permission to ask without it', s3Error(403, 'AccessDenied'), isKeyless, 'ACCESS_DENIED'],
    ['expired credentials', s3Error(400, 'ExpiredToken'), isKeyless, 'CREDENTIALS_EXPIRED'],
    ['expired credentials, later', s3Error(400, 'ExpiredToken'), isForeign, 'CREDENTIALS_EXPIRED'],
    ['gone meanwhile', s3Error(404, 'NoSuchKey'), isForeign, 'OBJECT_NOT_FOUND'],
    ['a server that fails', s3Error(500, 'InternalError'), isKeyless, 'SERVICE_UNAVAILABLE'],
    ['a cut connection', { status: 200, unanswered: true }, isForeign, 'NETWORK'],
  ] as const)('%s is no proof', async (_what, refusal, isDoor, code) => {
    const server = locked(checked, (answer, request) => (isDoor(request) ? refusal : answer));
    expect((await failureOn(server, { locked: true })).code).toBe(code);
  });
});

describe('on a server that does SSE-C', () => {
  async function put(world: World, key: CustomerKey | undefined): Promise<void> {
    await world.plain.send(new PutObjectCommand({ ...input, ...key?.requestFields() }));
  }
  const input = { Bucket: object.bucket, Key: object.key, Body: content };

  test('another key, no key, no object of a key, no object', async () => {
    const world = await sandboxed();
    const { client } = world;
    const verify = (key: CustomerKey | undefined) =>
      rejected(verifyObject({ client, ...object, customerKey: key }));
    expect((await verify(customerKey)).code).toBe('OBJECT_NOT_FOUND');
    await put(world, customerKey);
    expect((await verify(CustomerKey.generate())).code).toBe('KEY_MISMATCH');
    expect((await verify(undefined)).code).toBe('KEY_MISSING');
    await put(world, undefined);
    for (const key of [customerKey, undefined]) {
      const { code, message, hints } = await verify(key);
      expect([code, message]).toEqual(['KEY_NOT_NEEDED', `${address} is not encrypted with a customer key.`]);
      expect(hints).toEqual([
        `no key protects it; encrypt it with one: ssec rekey ${address} --from none --to NAME`,
      ]);
    }
  });

  test('interrupted', async () => {
    const { server } = await faulty(locked(unchecked), { maxAttempts: 1 });
    const stop = new AbortController();
    const onRead = (): Promise<void> => Promise.resolve(stop.abort());
    const verified = verifyObject({
      client: clientOf(server),
      ...object,
      customerKey,
      onRead,
      signal: stop.signal,
    });
    expect((await rejected(verified)).code).toBe('CANCELLED');
  });
});
