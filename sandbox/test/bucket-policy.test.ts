import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { RawUpload } from './support/multipart.ts';
import { type RawResponse, send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const resource = `arn:aws:s3:::${bucket}/*`;
const algorithmKey = 's3:x-amz-server-side-encryption-customer-algorithm';
const key = sseC(randomBytes(32));

const deny = (condition?: unknown, changes: object = {}) => ({
  Sid: 'One',
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: resource,
  ...(condition === undefined ? {} : { Condition: condition }),
  ...changes,
});
const policyOf = (...Statement: readonly unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement });

function putPolicy(body: string, sandbox: Sandbox = running()): Promise<RawResponse> {
  const md5 = createHash('md5').update(body).digest('base64');
  const path = `/${bucket}?policy`;
  return send(sandbox, { method: 'PUT', path, body, headers: { 'content-md5': md5 } });
}

const put = (headers: Record<string, string> = {}, name = 'a', sandbox: Sandbox = running()) =>
  send(sandbox, { method: 'PUT', path: `/${bucket}/${name}`, body: 'x', headers });

test('is stored as it came, and deleted', async () => {
  const ask = (method: string) => send(running(), { method, path: `/${bucket}?policy` });
  const none = await ask('GET');
  expect([none.status, none.xml('Code'), none.xml('Message'), none.xml('BucketName')]).toEqual([
    404,
    'NoSuchBucketPolicy',
    'The bucket policy does not exist',
    bucket,
  ]);
  const text = `${policyOf(deny({ Null: { [algorithmKey]: 'true' } }))}\n`;
  expect((await putPolicy(text)).status).toBe(204);
  const found = await ask('GET');
  expect([found.status, found.headers['content-type'], found.text]).toEqual([200, 'application/json', text]);
  expect((await ask('DELETE')).status).toBe(204);
  expect((await put()).status).toBe(200);
  expect((await ask('DELETE')).status).toBe(204);
});

describe('is enforced on writes', () => {
  const aes = { 'x-amz-server-side-encryption': 'AES256' };
  test.each([
    ['demands SSE-C', { Null: { [algorithmKey]: 'true' } }, 403, 200, 403],
    ['forbids SSE-C', { Null: { [algorithmKey]: false } }, 200, 403, 200],
    ['AES256 alone', { StringNotEquals: { [algorithmKey]: 'AES256' } }, 403, 200, 403],
    ['AES256 not', { StringEquals: { [algorithmKey.toUpperCase()]: ['AES256', 'x'] } }, 200, 403, 200],
    [
      'the header of SSE-S3',
      { StringNotEquals: { 's3:x-amz-server-side-encryption': 'AES256' } },
      403,
      403,
      200,
    ],
    [
      'both must hold',
      { Null: { [algorithmKey]: 'false' }, StringEquals: { 's3:x-amz-server-side-encryption': 'AES256' } },
      200,
      200,
      200,
    ],
    ['no condition', undefined, 403, 403, 403],
  ])('%s', async (_, condition, plain, withKey, withSse) => {
    expect((await putPolicy(policyOf(deny(condition)))).status).toBe(204);
    const statuses = [(await put()).status, (await put(key)).status, (await put(aes)).status];
    expect(statuses).toEqual([plain, withKey, withSse]);
  });

  test('with the text that AWS has for it', async () => {
    await putPolicy(policyOf(deny({ Null: { [algorithmKey]: 'false' } })));
    const answer = await put(key);
    expect([answer.xml('Code'), answer.xml('Message')]).toEqual([
      'AccessDenied',
      `User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: s3:PutObject on resource: &quot;arn:aws:s3:::${bucket}/a&quot; with an explicit deny in a resource-based policy`,
    ]);
  });

  test('before headers are looked at, and on reads never', async () => {
    await putPolicy(policyOf(deny({ StringNotEquals: { [algorithmKey]: 'AES256' } })));
    const odd = await put({ ...key, 'x-amz-server-side-encryption-customer-algorithm': 'AES192' });
    expect([odd.status, odd.xml('Code')]).toEqual([403, 'AccessDenied']);
    await put(key);
    expect((await send(running(), { method: 'GET', path: `/${bucket}/a`, headers: key })).status).toBe(200);
  });

  test('on every request of a multipart upload that writes', async () => {
    await putPolicy(policyOf(deny({ Null: { [algorithmKey]: 'true' } })));
    const upload = new RawUpload(running(), 'big');
    expect((await upload.create()).status).toBe(403);
    expect((await upload.create(key)).status).toBe(200);
    expect((await upload.part(1, 'x')).status).toBe(403);
    expect((await upload.part(1, 'x', key)).status).toBe(200);
    expect((await upload.complete()).status).toBe(403);
    expect((await upload.complete(key)).status).toBe(200);
  });

  test('where the object is meant, and outweighs that nothing allows', () =>
    withSandbox({ denyActions: ['s3:PutObject'] }, async (sandbox) => {
      await putPolicy(policyOf(deny(undefined, { Resource: [`arn:aws:s3:::${bucket}/in/?.*`] })), sandbox);
      expect((await put({}, 'in/a.txt', sandbox)).xml('Message')).toContain('explicit deny');
      expect((await put({}, 'in/aa.txt', sandbox)).xml('Message')).toContain(
        'no identity-based policy allows',
      );
      expect((await put({}, 'in/axtxt', sandbox)).xml('Message')).toContain(
        'no identity-based policy allows',
      );
    }));

  test('a bucket that blocks SSE-C says so after it', () =>
    withSandbox({ blockSseC: true }, async (sandbox) => {
      expect((await put(key, 'a', sandbox)).xml('Message')).toContain('has blocked upload requests');
      await putPolicy(policyOf(deny()), sandbox);
      expect((await put(key, 'a', sandbox)).xml('Message')).toContain('explicit deny');
    }));
});

describe('is refused', () => {
  test.each([
    ['no JSON', 'x', "Policies must be valid JSON and the first byte must be '{'"],
    ['a list', '[]', "Policies must be valid JSON and the first byte must be '{'"],
    ['no body', '', "Policies must be valid JSON and the first byte must be '{'"],
    [
      'a version',
      '{"Version":"2020-01-01","Statement":[]}',
      'The policy must contain a valid version string',
    ],
    ['no statement', '{}', 'Missing required field Statement'],
    ['an empty one', policyOf(), 'Could not parse the policy: Statement is empty!'],
    ['an effect', policyOf(deny(undefined, { Effect: 'deny' })), 'Invalid effect: deny'],
    ['no principal', policyOf(deny(undefined, { Principal: undefined })), 'Missing required field Principal'],
    ['an action', policyOf(deny(undefined, { Action: 'PutObject' })), 'Policy has invalid action'],
    [
      'another bucket',
      policyOf(deny(undefined, { Resource: 'arn:aws:s3:::x/*' })),
      'Policy has invalid resource',
    ],
    [
      'the bucket alone',
      policyOf(deny(undefined, { Resource: `arn:aws:s3:::${bucket}` })),
      'Action does not apply to any resource(s) in statement',
    ],
    ['a field', policyOf(deny(undefined, { Colour: 'red' })), 'Unknown field Colour'],
  ])('as malformed: %s', async (_, text, message) => {
    const answer = await putPolicy(text);
    const found = answer.xml('Message')?.replaceAll('&apos;', "'");
    expect([answer.status, answer.xml('Code'), found]).toEqual([400, 'MalformedPolicy', message]);
  });

  test.each([
    ['Allow', deny(undefined, { Effect: 'Allow' })],
    ['NotAction', { ...deny(undefined, { Action: undefined }), NotAction: 's3:GetObject' }],
    ['another action', deny(undefined, { Action: ['s3:PutObject', 's3:GetObject'] })],
    ['another principal', deny(undefined, { Principal: { AWS: 'arn:aws:iam::111122223333:root' } })],
    ['another operator', deny({ StringLike: { [algorithmKey]: 'AES*' } })],
    ['another key', deny({ Null: { 'aws:SecureTransport': 'true' } })],
    ['a variable', deny({ StringEquals: { [algorithmKey]: '${aws:username}' } })],
  ])('as not judged: %s', async (_, statement) => {
    const answer = await putPolicy(policyOf(statement));
    expect([answer.status, answer.xml('Code')]).toEqual([501, 'NotImplemented']);
  });

  test('without a checksum of the body, and without the right to it', () =>
    withSandbox({ denyActions: ['s3:GetBucketPolicy', 's3:PutBucketPolicy'] }, async (sandbox) => {
      const path = `/${bucket}?policy`;
      const bare = await send(running(), { method: 'PUT', path, body: policyOf(deny()) });
      expect([bare.status, bare.xml('Code')]).toEqual([400, 'InvalidRequest']);
      expect((await putPolicy(policyOf(deny()), sandbox)).status).toBe(403);
      expect((await send(sandbox, { method: 'GET', path })).status).toBe(403);
    }));
});
