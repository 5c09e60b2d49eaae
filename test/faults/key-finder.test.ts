import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import type { SandboxOptions } from 'ssec-sandbox';
import { describe, expect, test } from 'vitest';
import { getObject } from '../../src/get-object.ts';
import { headObject } from '../../src/head-object.ts';
import { type FoundKey, KeyFinder, openWithRing } from '../../src/key-finder.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import type { RingKey } from '../../src/keys/ring-files.ts';
import { echoOf, s3Error } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { type World, sandboxed } from './sandboxed.ts';
import { faulty } from './support.ts';

const bucket = 'bucket';

function ringKeys(count: number): RingKey[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `key-${i}`,
    customerKey: CustomerKey.generate(),
    created: new Date(0),
    isRetired: false,
  }));
}

function at<T>(list: readonly T[], index: number): T {
  const item = list.at(index);
  if (item === undefined) throw new Error('there is no such item');
  return item;
}

async function put(world: World, key: string, ringKey: RingKey | undefined, body = 'hello'): Promise<string> {
  const { VersionId = '' } = await world.plain.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: Buffer.from(body),
      ...ringKey?.customerKey.requestFields(),
    }),
  );
  return VersionId;
}

interface Opened {
  readonly content: string;
  readonly ringKey: RingKey | undefined;
}

/** As `ssec get` does it. */
function open(world: Pick<World, 'client'>, finder: KeyFinder, key: string): Promise<Opened> {
  return openWithRing(finder, { bucket, key }, async (ringKey) => {
    const chunks: Buffer[] = [];
    await getObject({
      client: world.client,
      bucket,
      key,
      customerKey: ringKey?.customerKey,
      openSink: () =>
        Promise.resolve({
          write: (chunk: Uint8Array) => Promise.resolve(void chunks.push(Buffer.from(chunk))),
          commit: () => Promise.resolve(),
          discard: () => Promise.resolve(),
        }),
    });
    return { content: Buffer.concat(chunks).toString(), ringKey };
  });
}

const nameOf = (found: FoundKey): string => (found.kind === 'key' ? found.ringKey.name : found.kind);

/** What was asked since the last look. */
function asked(world: World): string[] {
  return world.requests.splice(0).map(({ operation }) => operation);
}

async function ready(count: number, options: SandboxOptions = {}, first?: RingKey) {
  const world = await sandboxed(options);
  const keys = ringKeys(count);
  return { world, keys, finder: new KeyFinder({ client: world.client, keys, first }) };
}

describe('opening', () => {
  test('where the default fits, the GET itself is all', async () => {
    const { world, keys, finder } = await ready(10);
    await put(world, 'a', at(keys, 0));
    asked(world);
    expect(await open(world, finder, 'a')).toEqual({ content: 'hello', ringKey: at(keys, 0) });
    expect(asked(world)).toEqual(['GetObject']);
  });

  test('another key is found by HEADs, and is the first that is tried beside it from then on', async () => {
    const { world, keys, finder } = await ready(5);
    for (const name of ['x/a', 'x/b']) await put(world, name, at(keys, 4));
    await put(world, 'y/a', at(keys, 0));
    asked(world);
    expect((await open(world, finder, 'x/a')).ringKey?.name).toBe('key-4');
    const first = asked(world);
    expect(first.filter((operation) => operation === 'GetObject')).toHaveLength(2);
    // one without a key tells a wrong key from a permission that lacks; then the four others
    expect(first.filter((operation) => operation === 'HeadObject')).toHaveLength(5);
    expect((await open(world, finder, 'x/b')).ringKey?.name).toBe('key-4');
    expect(asked(world)).toEqual(['GetObject']);
    // other prefixes begin with the default
    expect((await open(world, finder, 'y/a')).ringKey?.name).toBe('key-0');
    expect(asked(world)).toEqual(['GetObject']);
  });

  test('a plain object is read without a key, and those beside it at once', async () => {
    const { world, keys, finder } = await ready(3);
    for (const name of ['x/a', 'x/b']) await put(world, name, undefined);
    await put(world, 'x/c', at(keys, 2));
    expect(await open(world, finder, 'x/a')).toEqual({ content: 'hello', ringKey: undefined });
    asked(world);
    await open(world, finder, 'x/b');
    expect(asked(world)).toEqual(['GetObject']);
    // one with a key among them is found all the same
    expect((await open(world, finder, 'x/c')).ringKey?.name).toBe('key-2');
  });

  test('where none fits, it says how many were tried', async () => {
    const { world, finder } = await ready(3);
    await put(world, 'a', at(ringKeys(1), 0));
    const error = await rejected(open(world, finder, 'a'));
    expect(error).toMatchObject({
      code: 'KEY_MISMATCH',
      message: 's3://bucket/a is encrypted with none of the 3 keys of the ring.',
    });
  });

  test('an object that is not there', async () => {
    const { world, finder } = await ready(3);
    expect((await rejected(open(world, finder, 'a'))).code).toBe('OBJECT_NOT_FOUND');
    expect(asked(world)).toEqual(['GetObject']);
  });

  test('a permission that lacks is not a key that does not fit', async () => {
    const { world, keys, finder } = await ready(3, { denyActions: ['s3:GetObject'] });
    await put(world, 'a', at(keys, 1));
    asked(world);
    expect((await rejected(open(world, finder, 'a'))).code).toBe('ACCESS_DENIED');
    expect(asked(world).length).toBeLessThan(4);
  });

  test('credentials that have expired', async () => {
    const { world, finder } = await ready(3, { expiredToken: true });
    expect((await rejected(open(world, finder, 'a'))).code).toBe('CREDENTIALS_EXPIRED');
  });

  test('with no key at all it is asked for once, without one', async () => {
    const { world, finder } = await ready(0);
    await put(world, 'plain', undefined);
    await put(world, 'locked', at(ringKeys(1), 0));
    expect((await open(world, finder, 'plain')).content).toBe('hello');
    expect((await rejected(open(world, finder, 'locked'))).code).toBe('KEY_MISSING');
  });

  test('an interruption ends it, and nothing goes on behind', async () => {
    const { world, keys, finder } = await ready(40);
    await put(world, 'a', at(keys, 39));
    const controller = new AbortController();
    const finding = finder.find({ bucket, key: 'a' }, controller.signal);
    controller.abort(new Error('stop'));
    await expect(finding).rejects.toThrow();
    const count = world.events.length;
    await new Promise((done) => setTimeout(done, 50));
    expect(world.events.length).toBe(count);
  });
});

describe('finding', () => {
  test('asks with at most eight keys at once', async () => {
    let now = 0;
    let most = 0;
    const { client } = await faulty(async () => {
      most = Math.max(most, ++now);
      await new Promise((done) => setTimeout(done, 20));
      now--;
      return { status: 400 };
    });
    const finder = new KeyFinder({ client, keys: ringKeys(40) });
    expect(await finder.find({ bucket, key: 'a' })).toEqual({ kind: 'unknown', tried: 40 });
    expect(most).toBe(8);
  });

  test('stops where one fits, whatever becomes of the others', async () => {
    const keys = ringKeys(100);
    const { client, server } = await faulty(
      async (request) => {
        const md5 = request.headers['x-amz-server-side-encryption-customer-key-md5'];
        if (md5 === at(keys, 3).customerKey.md5) return { status: 200, headers: echoOf(request) };
        // slower than the one that fits, and then an answer that fails
        await new Promise((done) => setTimeout(done, 50));
        return { status: md5 === at(keys, 4).customerKey.md5 ? 503 : 400 };
      },
      { maxAttempts: 1 },
    );
    const finder = new KeyFinder({ client, keys });
    expect(nameOf(await finder.find({ bucket, key: 'a' }))).toBe('key-3');
    expect(server.requests.length).toBeLessThan(20);
  });

  test.for([400, 403])('a wrong key may be a %i', async (status) => {
    const keys = ringKeys(3);
    const { client } = await faulty((request) => {
      const md5 = request.headers['x-amz-server-side-encryption-customer-key-md5'];
      if (md5 === undefined) return { status: 400 };
      return md5 === at(keys, 2).customerKey.md5 ? { status: 200, headers: echoOf(request) } : { status };
    });
    expect(nameOf(await new KeyFinder({ client, keys }).find({ bucket, key: 'a' }))).toBe('key-2');
  });

  test('an answer that does not echo the key is that of a plain object', async () => {
    const keys = ringKeys(3);
    const { client } = await faulty(() => ({ status: 200 }));
    expect(nameOf(await new KeyFinder({ client, keys }).find({ bucket, key: 'a' }))).toBe('plain');
  });

  test('an empty object has a key too', async () => {
    const { world, keys, finder } = await ready(3);
    await put(world, 'a', at(keys, 2), '');
    await put(world, 'b', undefined, '');
    expect(nameOf(await finder.find({ bucket, key: 'a' }))).toBe('key-2');
    expect(nameOf(await finder.find({ bucket, key: 'b' }))).toBe('plain');
  });

  test('an empty object under another key, of which Ceph says first that it has no first byte', async () => {
    const { client } = await faulty(({ method }) =>
      method === 'HEAD' ? { status: 400 } : s3Error(416, 'InvalidRange'),
    );
    const keys = ringKeys(2);
    const found = await new KeyFinder({ client, keys }).find({ bucket, key: 'a' });
    expect(found).toEqual({ kind: 'unknown', tried: 2 });
    const { customerKey } = at(keys, 0);
    expect((await rejected(headObject({ client, bucket, key: 'a', customerKey }))).code).toBe('KEY_MISMATCH');
  });

  test('credentials that have expired are no unknown key: both are a bare 400 to a HEAD', async () => {
    const { world, finder } = await ready(3, { expiredToken: true });
    const error = await rejected(finder.find({ bucket, key: 'a' }));
    expect(error.code).toBe('CREDENTIALS_EXPIRED');
    expect(asked(world)).toContain('GetObject');
  });

  test('credentials that S3 does not know are no permission that lacks: both are a bare 403', async () => {
    const world = await sandboxed();
    const client = world.again({ credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } });
    const error = await rejected(new KeyFinder({ client, keys: ringKeys(3) }).find({ bucket, key: 'a' }));
    expect(error.code).toBe('CREDENTIALS_INVALID');
  });

  test('no permission to read', async () => {
    const { finder } = await ready(3, { denyActions: ['s3:GetObject'] });
    expect((await rejected(finder.find({ bucket, key: 'a' }))).code).toBe('ACCESS_DENIED');
  });

  test('each version has its own key', async () => {
    const { world, keys, finder } = await ready(3);
    await world.plain.send(
      new PutBucketVersioningCommand({
        Bucket: bucket,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    );
    const versions = [await put(world, 'a', at(keys, 2)), await put(world, 'a', at(keys, 1))];
    const found = await Promise.all(
      versions.map((versionId) => finder.find({ bucket, key: 'a', versionId }).then(nameOf)),
    );
    expect(found).toEqual(['key-2', 'key-1']);
    // to a HEAD that is a bare 400, as a wrong key is on Ceph
    const error = await rejected(finder.find({ bucket, key: 'a', versionId: 'nonesuch' }));
    expect(error.code).toBe('OBJECT_NOT_FOUND');
  });

  test('the default first, whatever its place in the ring', async () => {
    const world = await sandboxed();
    const keys = ringKeys(5);
    const finder = new KeyFinder({ client: world.client, keys, first: at(keys, 3) });
    await put(world, 'a', at(keys, 3));
    asked(world);
    expect(nameOf(await finder.find({ bucket, key: 'a' }))).toBe('key-3');
    expect(asked(world)).toEqual(['HeadObject']);
    expect(finder.size).toBe(5);
  });

  test('no key shows in what is thrown', async () => {
    const keys = ringKeys(2);
    const { client } = await faulty((request) => ({
      status: 500,
      body: Object.values(request.headers).join(' '),
    }));
    const error = await rejected(new KeyFinder({ client, keys }).find({ bucket, key: 'a' }));
    for (const { customerKey } of keys)
      expect(`${error.message}${error.hints.join()}`).not.toContain(customerKey.toBase64());
  });

  test('a million prefixes are not remembered', () => {
    const [key] = ringKeys(1);
    const finder = new KeyFinder({ client: undefined as never, keys: [] });
    for (let i = 0; i < 1_500; i++)
      finder.remember(`${i}/${randomBytes(2).toString('hex')}`, at([key], 0) as RingKey);
    expect(finder.guess('0/x')).toBeUndefined();
    expect(finder.guess('1499/x')).toBe(key);
  });
});
