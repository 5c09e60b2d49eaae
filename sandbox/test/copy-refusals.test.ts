import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../src/index.ts';
import { RawUpload } from './support/multipart.ts';
import { type RawResponse, send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

type Headers = Readonly<Record<string, string>>;

const running = runningSandbox({ http: true });
const key = randomBytes(32);
const one = sseC(key);
const other = sseC(randomBytes(32));
const short = sseC(randomBytes(31));

const alg = 'x-amz-server-side-encryption-customer-algorithm';
const keyHeader = 'x-amz-server-side-encryption-customer-key';
const md5 = 'x-amz-server-side-encryption-customer-key-md5';
const encryption = 'x-amz-server-side-encryption';
const source = 'x-amz-copy-source';

/** The same headers, of the copy's source. */
const ofSource = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^x-amz-/, `${source}-`), value]),
  );
const without = (headers: Headers, name: string): Headers =>
  Object.fromEntries(Object.entries(headers).filter(([header]) => header !== name));
const put = (sandbox: Sandbox, name: string, headers: Headers = {}) =>
  send(sandbox, { method: 'PUT', path: `/${bucket}/${name}`, body: 'content', headers });
const copy = (sandbox: Sandbox, headers: Headers, name = 'copy', more: object = {}) =>
  send(sandbox, {
    method: 'PUT',
    path: `/${bucket}/${name}`,
    headers: { [source]: `${bucket}/sealed`, ...headers },
    ...more,
  });
const told = (answer: RawResponse) => [answer.status, answer.xml('Code'), answer.xml('Message')];

const must = 'Requests specifying Server Side Encryption with Customer provided keys must';
const notOriginal = 'The provided encryption parameters did not match the ones used originally.';
const notNeeded = 'The encryption parameters are not applicable to this object.';
const mismatch = 'The calculated MD5 hash of the key did not match the hash that was provided.';
const wanted =
  'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.';

beforeAll(async () => {
  await put(running(), 'sealed', one);
  await put(running(), 'plain');
});

describe("S3's answers", () => {
  test.each([
    ['no key for the source', one, 400, 'InvalidRequest', wanted],
    ['another key for the source', { ...ofSource(other), ...other }, 400, 'InvalidRequest', notOriginal],
    ['a short key for the source', ofSource(short), 400, 'InvalidRequest', notOriginal],
    [
      'a key for a plain source',
      { [source]: `${bucket}/plain`, ...ofSource(one) },
      400,
      'InvalidRequest',
      notNeeded,
    ],
    [
      'another MD5 of the source',
      ofSource({ ...one, [md5]: other[md5] ?? '' }),
      400,
      'InvalidArgument',
      mismatch,
    ],
    [
      'a short key for the target',
      { ...ofSource(one), ...short },
      400,
      'InvalidArgument',
      'The secret key was invalid for the specified algorithm.',
    ],
    [
      'no MD5 of the target',
      { ...ofSource(one), ...without(one, md5) },
      400,
      'InvalidArgument',
      `${must} provide the client calculated MD5 of the secret key.`,
    ],
    [
      'a key and SSE-S3 for the target',
      { ...ofSource(one), ...one, [encryption]: 'AES256' },
      400,
      'InvalidArgument',
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    ],
    [
      'no object',
      { [source]: `${bucket}/nothing`, ...ofSource(one) },
      404,
      'NoSuchKey',
      'The specified key does not exist.',
    ],
    [
      'no bucket',
      { [source]: 'no-such-bucket/a' },
      404,
      'NoSuchBucket',
      'The specified bucket does not exist',
    ],
    [
      'no source',
      { [source]: bucket },
      400,
      'InvalidArgument',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    ],
    [
      'no directive',
      { 'x-amz-metadata-directive': 'MOVE' },
      400,
      'InvalidArgument',
      'Unknown metadata directive.',
    ],
  ] as const)('%s', async (_, headers, status, code, message) => {
    const answer = await copy(running(), headers);
    expect(told(answer)).toEqual([status, code, message]);
    expect(answer.headers[alg]).toBeUndefined();
    expect((await send(running(), { method: 'HEAD', path: `/${bucket}/copy` })).status).toBe(404);
  });

  test('the MD5 of the source may be left out, as on a read', async () => {
    const answer = await copy(running(), { ...ofSource(without(one, md5)), ...other }, 'source-without-md5');
    expect([answer.status, answer.headers[md5]]).toEqual([200, other[md5]]);
  });

  test.each([
    ['SSE-KMS', { [encryption]: 'aws:kms' }],
    ['an ACL', { 'x-amz-acl': 'public-read' }],
    ['a redirect', { 'x-amz-website-redirect-location': '/a' }],
    ['object lock', { 'x-amz-object-lock-mode': 'GOVERNANCE' }],
  ])('%s: 501', async (_, headers) => {
    expect(told(await copy(running(), { ...ofSource(one), ...headers })).slice(0, 2)).toEqual([
      501,
      'NotImplemented',
    ]);
  });
});

describe('the order of the checks', () => {
  const junk = { [alg]: 'x', [keyHeader]: 'x', [md5]: 'x' };

  test('no TLS comes before all that is said of keys', async () => {
    for (const headers of [ofSource(junk), junk]) {
      const answer = await copy(running(), headers, 'copy', { http: true });
      expect(told(answer)).toEqual([400, 'InvalidArgument', `${must} be made over a secure connection.`]);
    }
  });

  test("the bucket's block comes before keys, the source's too, and lets a source be read", () =>
    withSandbox({ blockSseC: true }, async (sandbox) => {
      await put(sandbox, 'plain');
      const blocked = await copy(sandbox, { ...ofSource(junk), ...one, [md5]: 'x' });
      expect(told(blocked).slice(0, 2)).toEqual([403, 'AccessDenied']);
      expect(blocked.xml('Message')).toMatch(/perform: s3:CopyObject .* has blocked upload requests/);
      await sandbox.createBucket('open', { blockSseC: false });
      await send(sandbox, { method: 'PUT', path: '/open/a', body: 'x', headers: one });
      const into = await copy(sandbox, { [source]: 'open/a', ...ofSource(one) });
      expect(into.status).toBe(200);
    }));

  test('a policy comes before keys, and is about the target', async () => {
    const sandbox = running();
    await sandbox.createBucket('sealed-only');
    const body = JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::sealed-only/*',
        Condition: { Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'true' } },
      },
    });
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
    const policy = { method: 'PUT', path: '/sealed-only?policy=', body, headers };
    expect((await send(sandbox, policy)).status).toBe(204);
    const into = (headers: Headers) =>
      send(sandbox, {
        method: 'PUT',
        path: '/sealed-only/a',
        headers: { [source]: `${bucket}/sealed`, ...headers },
      });
    const denied = await into({ ...ofSource(one), ...ofSource({ [md5]: 'x' }) });
    expect(told(denied).slice(0, 2)).toEqual([403, 'AccessDenied']);
    expect(denied.xml('Message')).toContain('explicit deny');
    expect((await into({ ...ofSource(one), ...one })).status).toBe(200);
  });

  test("the source's headers come before the target's, both before what is there", async () => {
    const wrongSource = { [source]: `${bucket}/nothing`, ...ofSource({ ...one, [md5]: 'x' }) };
    expect((await copy(running(), { ...wrongSource, ...without(one, md5) })).xml('Message')).toBe(mismatch);
    const wrongTarget = { [source]: `${bucket}/nothing`, ...ofSource(one), ...without(one, keyHeader) };
    expect((await copy(running(), wrongTarget)).xml('Message')).toBe(
      `${must} provide an appropriate secret key.`,
    );
  });

  test('the key comes before the conditions', async () => {
    const condition = { 'x-amz-copy-source-if-match': '"0"' };
    expect((await copy(running(), { ...ofSource(other), ...condition })).xml('Message')).toBe(notOriginal);
    const failed = await copy(running(), { ...ofSource(one), ...condition });
    expect([failed.status, failed.xml('Condition')]).toEqual([412, 'x-amz-copy-source-If-Match']);
  });
});

describe('permissions', () => {
  test.each([
    ['s3:PutObject', {}],
    ['s3:GetObject', {}],
    ['s3:GetObjectTagging', {}],
    ['s3:PutObjectTagging', {}],
    ['s3:GetObject', { 'if-match': '"0"' }],
  ])('%s %o', async (action, headers) => {
    const dir = mkdtempSync(join(tmpdir(), 'ssec-sandbox-denied-'));
    try {
      const before = await startSandbox({ dir });
      await before.createBucket(bucket);
      await put(before, 'sealed', { ...one, 'x-amz-tagging': 'a=1' });
      await before.close();
      const sandbox = await startSandbox({ dir, denyActions: [action] });
      const answer = await copy(sandbox, { ...ofSource(one), ...headers });
      await sandbox.close();
      expect(told(answer).slice(0, 2)).toEqual([403, 'AccessDenied']);
      expect(answer.xml('Message')).toContain(`perform: ${action} on`);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test('what is not there is hidden from whoever may not list', () =>
    withSandbox({ denyActions: ['s3:ListBucket'] }, async (sandbox) => {
      const answer = await copy(sandbox, { [source]: `${bucket}/nothing` });
      expect(told(answer).slice(0, 2)).toEqual([403, 'AccessDenied']);
    }));
});

test('archived sources, and delete markers by their ID', async () => {
  const sandbox = running();
  await put(sandbox, 'cold', { 'x-amz-storage-class': 'GLACIER' });
  expect(told(await copy(sandbox, { [source]: `${bucket}/cold` })).slice(0, 2)).toEqual([
    403,
    'InvalidObjectState',
  ]);
  await sandbox.createBucket('marked');
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await send(sandbox, { method: 'PUT', path: '/marked?versioning=', body });
  await send(sandbox, { method: 'PUT', path: '/marked/a', body: 'x' });
  const { headers } = await send(sandbox, { method: 'DELETE', path: '/marked/a' });
  expect((await copy(sandbox, { [source]: 'marked/a' })).xml('Code')).toBe('NoSuchKey');
  const marker = await copy(sandbox, {
    [source]: `marked/a?versionId=${String(headers['x-amz-version-id'])}`,
  });
  expect(told(marker)).toEqual([
    400,
    'InvalidRequest',
    'The source of a copy request may not specifically refer to a delete marker by version id.',
  ]);
});

test('more than 5 GiB is too much', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'ssec-sandbox-huge-'));
  try {
    const before = await startSandbox({ dir });
    await before.createBucket(bucket);
    await put(before, 'huge');
    await before.close();
    // Nobody wants to write so much: the record says that it was.
    const size = 5 * 1024 ** 3 + 1;
    const records = readdirSync(dir, { recursive: true, encoding: 'utf8' });
    const record = join(dir, records.find((path) => /objects.*\.json$/.test(path)) ?? '');
    writeFileSync(record, readFileSync(record, 'utf8').replaceAll('"size":7', `"size":${size}`));
    const sandbox = await startSandbox({ dir });
    const tooLarge = [
      400,
      'InvalidRequest',
      'The specified copy source is larger than the maximum allowable size for a copy source: 5368709120',
    ];
    const huge = { [source]: `${bucket}/huge` };
    expect(told(await copy(sandbox, huge))).toEqual(tooLarge);
    const upload = new RawUpload(sandbox, 'parts');
    await upload.create();
    expect(told(await upload.part(1, '', huge))).toEqual(tooLarge);
    await sandbox.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
