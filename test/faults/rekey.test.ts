import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { SsecError } from '../../src/errors.ts';
import { KeyFinder } from '../../src/key-finder.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import type { RingKey } from '../../src/keys/ring-files.ts';
import { SecretSearch } from '../support/secret-search.ts';
import { unit } from '../support/small-plans.ts';
import { rejected } from '../unit/support/thrown.ts';
import {
  bytesUnder,
  headUnder,
  newKey,
  oldKey,
  opensOnlyWith,
  putPlain,
  rekey,
  ringKey,
} from './rekeying.ts';
import { type World, sandboxed } from './sandboxed.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const small = randomBytes(1000);
/** Four parts of a copy. */
const large = randomBytes(17 * unit + 123);

const described = {
  ContentType: 'image/jpeg',
  CacheControl: 'max-age=60',
  ContentDisposition: 'attachment; filename="a.jpg"',
  ContentEncoding: 'gzip',
  ContentLanguage: 'de',
  Expires: new Date('2030-01-02T03:04:05Z'),
  Metadata: { camera: 'F3', odd: "a'b (c)" },
  StorageClass: 'STANDARD_IA',
  Tagging: 'project=alpha&ssec-key=old&odd=a%2Bb',
} as const;

async function tagsOf(world: World, key = 'k'): Promise<Record<string, string>> {
  const { TagSet = [] } = await world.plain.send(new GetObjectTaggingCommand({ Bucket: 'bucket', Key: key }));
  return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
}

async function versioned(world: World): Promise<void> {
  await world.plain.send(
    new PutBucketVersioningCommand({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }),
  );
}

/** As S3 keeps it of an upload in parts without a checksum that is completed without the key: with none at all. */
async function putWithoutChecksum(world: World, bytes: Uint8Array): Promise<void> {
  const object = { Bucket: 'bucket', Key: 'k' };
  const fields = oldKey.customerKey.requestFields();
  const { UploadId } = await world.plain.send(new CreateMultipartUploadCommand({ ...object, ...fields }));
  const part = { ...object, UploadId, PartNumber: 1 };
  const { ETag } = await world.plain.send(new UploadPartCommand({ ...part, Body: bytes, ...fields }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await world.plain.send(new CompleteMultipartUploadCommand({ ...object, UploadId, MultipartUpload }));
}

function operations(world: World): readonly string[] {
  return world.requests.map(({ operation }) => operation);
}

interface Way {
  readonly way: string;
  readonly content: Buffer;
  readonly through: boolean;
}

const ways: readonly Way[] = [
  { way: 'CopyObject', content: small, through: false },
  { way: 'UploadPartCopy', content: large, through: false },
  { way: 'client', content: small, through: true },
  { way: 'client', content: large, through: true },
];

describe.for(ways)('by $way, $content.length bytes', ({ way, content, through }) => {
  const pairs: readonly [string, RingKey | undefined, RingKey | undefined][] = [
    ['from one key to another', oldKey, newKey],
    ['into SSE-C', undefined, newKey],
    ['out of SSE-C', oldKey, undefined],
  ];
  test.for(pairs)('%s: the bytes are the same, and what describes them', async ([, from, to]) => {
    const world = await sandboxed();
    await putPlain(world, content, from, described);
    world.requests.length = 0;
    const to2 = to ?? { customerKey: undefined };
    const result = await rekey(world, { through, to: to2 });
    expect(result).toMatchObject({
      status: 'rekeyed',
      copiedBy: way,
      size: content.length,
      proof: 'CRC32',
      lost: [],
    });
    expect(result.from.ringKey).toBe(from);
    expect(await opensOnlyWith(world, content, to)).toBe(true);
    const head = await headUnder(world, to);
    const { Tagging: _tags, Expires: expires, ...rest } = described;
    expect(head).toMatchObject(rest);
    expect(new Date(head.ExpiresString ?? '')).toEqual(expires);
    expect(await tagsOf(world)).toEqual({
      project: 'alpha',
      odd: 'a+b',
      ...(to === undefined ? {} : { 'ssec-key': 'new' }),
    });
    expect(await world.uploads()).toEqual([]);
    expect(world.journals()).toEqual([]);
    // again: one HEAD finds that it is done
    world.requests.length = 0;
    const again = await rekey(world, { through, to: to2, finder: finderOf(world, to) });
    expect(again).toMatchObject({ status: 'already', copiedBy: undefined });
    expect(operations(world).every((operation) => operation === 'HeadObject')).toBe(true);
  });

  test('elsewhere: the source stays as it is, and a copy that is there is not made again', async () => {
    const world = await sandboxed();
    await putPlain(world, content, oldKey);
    const target = { bucket: 'bucket', key: 'elsewhere/ä b+c' };
    expect(await rekey(world, { through, target })).toMatchObject({ status: 'rekeyed', target });
    expect(await opensOnlyWith(world, content, oldKey)).toBe(true);
    expect(await opensOnlyWith(world, content, newKey, target.key)).toBe(true);
    expect(await rekey(world, { through, target })).toMatchObject({ status: 'already', target });
    await putPlain(world, randomBytes(content.length), oldKey, { Key: target.key });
    const error = await rejected(rekey(world, { through, target, noOverwrite: true }));
    expect(error.code).toBe('TARGET_EXISTS');
  });

  test('somebody writes it between the look and the copy: what they wrote stays', async () => {
    const theirs = randomBytes(content.length);
    let writes = 0;
    const world: World = await sandboxed({
      onRequest: async ({ operation }) => {
        if (operation !== 'HeadObject' || writes++ > 0) return;
        await putPlain(world, theirs, oldKey);
      },
    });
    await putPlain(world, content, oldKey);
    writes = 0;
    const error = await rejected(rekey(world, { through }));
    expect(error.code).toBe('OBJECT_CHANGED');
    expect(await opensOnlyWith(world, theirs, oldKey)).toBe(true);
    expect(await world.uploads()).toEqual([]);
  });

  test('two at once: one of them does it, and both end well', async () => {
    const world = await sandboxed();
    await putPlain(world, content, oldKey);
    const both = await Promise.all([
      rekey(world, { through }),
      rekey(world, { through, client: world.again() }),
    ]);
    const statuses = both.map(({ status }) => status);
    expect(statuses).toContain('rekeyed');
    expect(statuses.every((status) => status === 'rekeyed' || status === 'already')).toBe(true);
    expect(await opensOnlyWith(world, content, newKey)).toBe(true);
    expect(await world.uploads()).toEqual([]);
  });

  test.for(pairs)('%s: another run does it between the look and the copy', async ([, from, to]) => {
    let looks = 0;
    const world: World = await sandboxed({
      onRequest: async ({ operation }) => {
        if (operation === 'HeadObject' && looks++ === 0) await putPlain(world, content, to);
      },
    });
    await putPlain(world, content, from);
    const finder = finderOf(world, from ?? oldKey);
    if (from === undefined) finder.remember('k', 'plain');
    const result = await rekey(world, { through, to: to ?? { customerKey: undefined }, finder });
    expect(result.status === 'already' || result.status === 'rekeyed').toBe(true);
    expect(await opensOnlyWith(world, content, to)).toBe(true);
    expect(await world.uploads()).toEqual([]);
  });

  test.for(pairs)('%s: another run does it while the keys are tried', async ([, from, to]) => {
    let looks = 0;
    const world: World = await sandboxed({
      onRequest: async ({ operation }) => {
        if (operation === 'HeadObject' && looks++ === 0) await putPlain(world, content, to);
      },
    });
    await putPlain(world, content, from);
    const finder = finderOf(world, newKey);
    if (to === undefined) finder.remember('k', 'plain');
    const result = await rekey(world, { through, to: to ?? { customerKey: undefined }, finder });
    expect(result).toMatchObject({ status: 'already', copiedBy: undefined });
    expect(await opensOnlyWith(world, content, to)).toBe(true);
  });

  test('with versions: the old one stays under the old key, or goes where that is asked for', async () => {
    const world = await sandboxed();
    await world.plain.send(
      new PutBucketVersioningCommand({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await putPlain(world, content, oldKey);
    const first = await rekey(world, { through });
    expect(first.oldVersion).toMatchObject({ deleted: false });
    expect(await headUnder(world, oldKey, 'k', first.oldVersion?.versionId)).toMatchObject({
      ContentLength: content.length,
    });
    const third = ringKey('third', CustomerKey.generate());
    const second = await rekey(world, {
      through,
      to: third,
      finder: new KeyFinder({ client: world.client, keys: [newKey, third] }),
      deleteOldVersion: true,
    });
    expect(second.oldVersion).toEqual({ versionId: first.versionId, deleted: true });
    const { Versions = [] } = await world.plain.send(new ListObjectVersionsCommand({ Bucket: 'bucket' }));
    expect(Versions.map(({ VersionId }) => VersionId)).toEqual([
      second.versionId,
      first.oldVersion?.versionId,
    ]);
    expect((await bytesUnder(world, third))?.equals(content)).toBe(true);
  });
});

function finderOf(world: World, first: RingKey | undefined): KeyFinder {
  return new KeyFinder({ client: world.client, keys: [oldKey, newKey], first });
}

describe('answers that get lost', () => {
  test.for([
    ['CopyObject', 'drop-answer CopyObject'],
    ['CopyObject', 'error-in-200 CopyObject InternalError completed'],
    ['UploadPartCopy', 'drop-answer CompleteMultipartUpload'],
    ['UploadPartCopy', 'error-in-200 CompleteMultipartUpload InternalError completed'],
    ['UploadPartCopy', 'drop-answer UploadPartCopy'],
    // the first puts the object that is rekeyed
    ['client', 'drop-answer PutObject after 1 requests'],
    ['client', 'drop-answer CompleteMultipartUpload'],
  ] as const)('%s: %s', async ([way, fault]) => {
    const content = way === 'CopyObject' || fault.includes('PutObject') ? small : large;
    const world = await sandboxed({ faults: [fault] }, { maxAttempts: 3 });
    await putPlain(world, content, oldKey);
    const result = await rekey(world, { through: way === 'client' });
    expect(result).toMatchObject({ status: 'rekeyed', proof: 'CRC32' });
    expect(await opensOnlyWith(world, content, newKey)).toBe(true);
    expect(await world.uploads()).toEqual([]);
  });
});

describe('servers that cannot', () => {
  test.for([
    ['refuse', 'NOT_SUPPORTED'],
    ['ignore', 'KEY_IGNORED'],
  ] as const)('copies: %s', async ([copies, code]) => {
    const world = await sandboxed({ copies });
    const from = copies === 'ignore' ? undefined : oldKey;
    await putPlain(world, small, from);
    const error = await rejected(rekey(world));
    expect(error.code).toBe(code);
    expect(error.hints.join(' ')).toContain('--through-client');
    expect(await opensOnlyWith(world, small, from)).toBe(true);
    expect(await rekey(world, { through: true })).toMatchObject({ status: 'rekeyed', copiedBy: 'client' });
    expect(await opensOnlyWith(world, small, newKey)).toBe(true);
  });

  test('copies of what is encrypted that are not: one object is concerned, and nobody is told to delete it', async () => {
    const world = await sandboxed({ copies: 'ignore' });
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`);
    for (const key of keys) await putPlain(world, small, oldKey, { Key: key });
    const results = await Promise.allSettled(keys.map((key) => rekey(world, { key })));
    for (const result of results) {
      const { code, hints } = (result as PromiseRejectedResult).reason as SsecError;
      expect(code).toBe('KEY_IGNORED');
      expect(hints.join('\n')).not.toContain('ssec rm');
      expect(hints.join('\n')).toMatch(
        /its content is whole, and readable without a key now; .*ssec rekey s3:\/\/bucket\/k\d+ --from none --to NAME --through-client/,
      );
    }
    expect(world.count('CopyObject')).toBe(1);
    const open = await Promise.all(keys.map((key) => bytesUnder(world, undefined, key)));
    expect(open.filter((bytes) => bytes !== undefined)).toEqual([small]);
    // with versions the plain copy goes again
    await versioned(world);
    await putPlain(world, small, oldKey);
    await rejected(rekey(world, { client: world.again() }));
    expect(await opensOnlyWith(world, small, oldKey)).toBe(true);
  });

  test('what is refused of one object is its own failure, once others were copied', async () => {
    const world = await sandboxed({ faults: ['fail CopyObject 400 InvalidRequest after 1 requests'] });
    for (const key of ['a', 'b']) await putPlain(world, small, oldKey, { Key: key });
    await rekey(world, { key: 'a' });
    // in place metadata are given anew before that is believed
    const target = { bucket: 'bucket', key: 'c' };
    const error = await rejected(rekey(world, { key: 'b', target }));
    expect(error.code).toBe('SERVICE_REFUSED');
    expect(error.message).toContain('InvalidRequest');
  });

  test('a copy elsewhere that is not encrypted is named, and with versions taken away', async () => {
    const world = await sandboxed({ copies: 'ignore' });
    await putPlain(world, small, undefined);
    const target = { bucket: 'bucket', key: 'copy' };
    const named = await rejected(rekey(world, { target }));
    expect(named.hints.join(' ')).toContain('ssec rm s3://bucket/copy');
    await world.plain.send(
      new PutBucketVersioningCommand({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await rejected(rekey(world, { client: world.again(), target: { bucket: 'bucket', key: 'copy2' } }));
    const { Versions = [] } = await world.plain.send(
      new ListObjectVersionsCommand({ Bucket: 'bucket', Prefix: 'copy2' }),
    );
    expect(Versions).toEqual([]);
  });
});

test('a copy in parts that was cut off goes on with what is there', async () => {
  const world = await sandboxed({ faults: ['fail CompleteMultipartUpload 503 SlowDown'] });
  await putPlain(world, large, oldKey);
  expect((await rejected(rekey(world))).code).toBe('THROTTLED');
  expect(world.journals()).toHaveLength(1);
  const secrets = new SecretSearch();
  secrets.addKey('the old key', Buffer.from(oldKey.customerKey.toBytes()));
  secrets.addKey('the new key', Buffer.from(newKey.customerKey.toBytes()));
  expect(secrets.searchFolder(world.journal.folder)).toEqual([]);
  expect(await world.uploads()).toHaveLength(1);
  expect(await opensOnlyWith(world, large, oldKey)).toBe(true);
  world.requests.length = 0;
  expect(await rekey(world, { client: world.again() })).toMatchObject({ status: 'rekeyed', proof: 'CRC32' });
  expect(world.count('UploadPartCopy')).toBe(0);
  expect(await opensOnlyWith(world, large, newKey)).toBe(true);
  expect(world.journals()).toEqual([]);
  expect(await world.uploads()).toEqual([]);
});

describe('tags that may not be read', () => {
  test.for(['UploadPartCopy', 'client'] as const)('by %s', async (way) => {
    const world = await sandboxed({ denyActions: ['s3:GetObjectTagging'] });
    const content = way === 'UploadPartCopy' ? large : small;
    await putPlain(world, content, oldKey, { Tagging: 'project=alpha' });
    const through = way === 'client';
    const error = await rejected(rekey(world, { through }));
    expect(error.code).toBe('ACCESS_DENIED');
    expect(error.hints.join(' ')).toContain('its tags would be lost; nothing was copied');
    expect(await opensOnlyWith(world, content, oldKey)).toBe(true);
    const notices: string[] = [];
    const target = { bucket: 'bucket', key: 'copy' };
    await rekey(world, { through, target, onNotice: (message) => notices.push(message) });
    expect(notices).toEqual(['the tags of some objects cannot be read, and what is not read is not copied']);
  });
});

describe('old versions', () => {
  test('one that a run that was cut off left is deleted by the next, and no other', async () => {
    const world = await sandboxed();
    await versioned(world);
    await putPlain(world, randomBytes(1000), oldKey);
    await putPlain(world, small, oldKey);
    const first = await rekey(world);
    expect(await rekey(world)).toMatchObject({ status: 'already', oldVersion: undefined });
    const again = await rekey(world, { deleteOldVersion: true });
    expect(again).toMatchObject({
      status: 'already',
      oldVersion: { versionId: first.oldVersion?.versionId, deleted: true },
    });
    // what stands there now was not replaced by a copy
    expect(await rekey(world, { deleteOldVersion: true })).toMatchObject({ oldVersion: undefined });
    const { Versions = [] } = await world.plain.send(new ListObjectVersionsCommand({ Bucket: 'bucket' }));
    expect(Versions).toHaveLength(2);
  });

  test('one whose copy is proved by its length alone stays', async () => {
    const world = await sandboxed();
    await versioned(world);
    await putWithoutChecksum(world, small);
    const notices: string[] = [];
    const result = await rekey(world, {
      deleteOldVersion: true,
      onNotice: (message) => notices.push(message),
    });
    expect(result).toMatchObject({ proof: 'size', oldVersion: { deleted: false } });
    expect(notices).toHaveLength(1);
  });
});

test('an upload that cannot be looked into is dropped, and one that nobody needs any more', async () => {
  const world = await sandboxed({
    faults: ['fail CompleteMultipartUpload 503 SlowDown', 'fail ListParts 403 AccessDenied'],
  });
  await putPlain(world, large, oldKey);
  await rejected(rekey(world));
  expect(await rekey(world, { client: world.again() })).toMatchObject({ status: 'rekeyed' });
  expect(await world.uploads()).toEqual([]);
  const other = await sandboxed({ faults: ['fail CompleteMultipartUpload 503 SlowDown'] });
  await putPlain(other, large, oldKey);
  await rejected(rekey(other));
  expect(other.journals()).toHaveLength(1);
  await rekey(other, { client: other.again(), journal: { folder: other.folder, target: ['elsewhere'] } });
  expect(await other.uploads()).toHaveLength(1);
  expect(await rekey(other)).toMatchObject({ status: 'already' });
  expect(await other.uploads()).toEqual([]);
  expect(other.journals()).toEqual([]);
});

test('a copy elsewhere that is described otherwise is made again', async () => {
  const world = await sandboxed();
  await putPlain(world, small, oldKey, { ContentType: 'image/png', Metadata: { a: 'b' } });
  const target = { bucket: 'bucket', key: 'copy' };
  await putPlain(world, small, newKey, { Key: target.key });
  expect(await rekey(world, { target })).toMatchObject({ status: 'rekeyed' });
  expect(await headUnder(world, newKey, 'copy')).toMatchObject({
    ContentType: 'image/png',
    Metadata: { a: 'b' },
  });
  expect(await rekey(world, { target })).toMatchObject({ status: 'already' });
});

test('what is under another key is left alone where that is wanted, else it is a failure', async () => {
  const world = await sandboxed();
  await putPlain(world, small, ringKey('third', CustomerKey.generate()));
  expect((await rejected(rekey(world))).code).toBe('KEY_MISMATCH');
  expect(await rekey(world, { takes: () => false })).toMatchObject({ status: 'skipped', size: undefined });
});

test.for([
  ['the copy may not be written', ['fail CopyObject 403 AccessDenied'], 'ACCESS_DENIED'],
  [
    'from the copy on nothing may be read any more',
    [
      'fail CopyObject 403 AccessDenied',
      'fail HeadObject 403 AccessDenied after 1 requests always',
      'fail GetObject 403 AccessDenied',
    ],
    'ACCESS_DENIED',
  ],
  ['the credentials expire before the copy', ['fail CopyObject 400 ExpiredToken'], 'CREDENTIALS_EXPIRED'],
] as const)('%s: that is no change by somebody else', async ([, faults, code]) => {
  const world = await sandboxed({ faults });
  await putPlain(world, small, oldKey);
  expect((await rejected(rekey(world))).code).toBe(code);
  expect(await opensOnlyWith(world, small, oldKey)).toBe(true);
});

test('a dry run looks and does nothing', async () => {
  const world = await sandboxed();
  await putPlain(world, small, oldKey);
  world.requests.length = 0;
  expect(await rekey(world, { dryRun: true })).toMatchObject({ status: 'pending', size: small.length });
  expect(operations(world)).toEqual(['HeadObject']);
});

test('an archived object is not asked for', async () => {
  const world = await sandboxed();
  await putPlain(world, small, oldKey, { StorageClass: 'GLACIER' });
  world.requests.length = 0;
  expect((await rejected(rekey(world))).code).toBe('OBJECT_ARCHIVED');
  expect(operations(world)).toEqual(['HeadObject']);
});

test('a bucket that blocks SSE-C says so, and nothing is lost', async () => {
  const world = await sandboxed({ blockSseC: true });
  await putPlain(world, small, undefined);
  expect((await rejected(rekey(world))).code).toBe('SSEC_BLOCKED');
  expect(await opensOnlyWith(world, small, undefined)).toBe(true);
});
