import { describe, expect, test } from 'vitest';
import { type RawRequest, send, sendHeaders, signedHeaders } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const list: RawRequest = { method: 'GET', path: `/${bucket}?list-type=2` };

async function codeOf(raw: RawRequest, change: (headers: Record<string, string>) => Record<string, string>) {
  const answer = await sendHeaders(running(), raw, change(signedHeaders(running(), raw)));
  return [answer.status, answer.xml('Code')];
}

describe('refused', () => {
  test('no signature', async () => {
    const answer = await sendHeaders(running(), list, {});
    expect([answer.status, answer.xml('Code')]).toEqual([403, 'AccessDenied']);
  });

  test('another secret', async () => {
    const answer = await send(running(), { ...list, secretAccessKey: 'other' });
    expect([answer.status, answer.xml('Code')]).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('another access key id', async () => {
    const result = await codeOf(list, (headers) => ({
      ...headers,
      authorization: (headers['authorization'] ?? '').replace('AKIA', 'AKIB'),
    }));
    expect(result).toEqual([403, 'InvalidAccessKeyId']);
  });

  test('a changed header, path or query', async () => {
    const changedQuery = await sendHeaders(
      running(),
      { ...list, path: `${list.path}&prefix=a` },
      signedHeaders(running(), list),
    );
    expect(changedQuery.xml('Code')).toBe('SignatureDoesNotMatch');
    const result = await codeOf({ ...list, headers: { 'x-amz-meta-a': '1' } }, (headers) => ({
      ...headers,
      'x-amz-meta-a': '2',
    }));
    expect(result).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('an x-amz-* header that was not signed', async () => {
    const answer = await send(running(), { ...list, unsignedHeaders: { 'x-amz-meta-late': '1' } });
    expect([answer.status, answer.xml('Code'), answer.xml('HeadersNotSigned')]).toEqual([
      403,
      'AccessDenied',
      'x-amz-meta-late',
    ]);
    expect(answer.xml('Message')).toBe('There were headers present in the request which were not signed');
  });

  test.each([
    [-16, 'RequestTimeTooSkewed', 403],
    [16, 'RequestTimeTooSkewed', 403],
    [-14, undefined, 200],
  ])('a request of %i minutes from now: %s', async (minutes, code, status) => {
    const answer = await send(running(), { ...list, date: new Date(Date.now() + minutes * 60_000) });
    expect([answer.status, answer.xml('Code')]).toEqual([status, code]);
  });

  test.each([
    ['AWS AKIA:signature', 'InvalidRequest', 400],
    ['AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request', 'AuthorizationHeaderMalformed', 400],
    ['AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0', 'AuthorizationHeaderMalformed', 400],
    ['AWS4-ECDSA-P256-SHA256 Credential=a', 'NotImplemented', 501],
  ])('%s', async (authorization, code, status) => {
    expect(await codeOf(list, (headers) => ({ ...headers, authorization }))).toEqual([status, code]);
  });

  test.each([
    ['e3b0', 'InvalidArgument', 400],
    ['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', 'NotImplemented', 501],
    ['0'.repeat(64), 'XAmzContentSHA256Mismatch', 400],
  ])('payload hash %s', async (payloadHash, code, status) => {
    const answer = await send(running(), { method: 'PUT', path: `/${bucket}/a`, body: 'x', payloadHash });
    expect([answer.status, answer.xml('Code')]).toEqual([status, code]);
  });
});

test('keys are signed as they are, however they came', async () => {
  for (const path of [`/${bucket}/a(b)!*'$`, `/${bucket}/a%28b%29%21%2A%27%24`]) {
    expect((await send(running(), { method: 'PUT', path, body: path })).status).toBe(200);
    expect((await send(running(), { method: 'GET', path: `/${bucket}/a(b)!*'%24` })).text).toBe(path);
  }
});

test('UNSIGNED-PAYLOAD is taken', async () => {
  const raw = { method: 'PUT', path: `/${bucket}/u`, body: 'x', payloadHash: 'UNSIGNED-PAYLOAD' };
  expect((await send(running(), raw)).status).toBe(200);
});

describe('session tokens', () => {
  const token = { 'x-amz-security-token': 'the-token' };

  test('are required where one was given', () =>
    withSandbox({ sessionToken: 'the-token' }, async (sandbox) => {
      expect(sandbox.env()['AWS_SESSION_TOKEN']).toBe('the-token');
      expect((await send(sandbox, { ...list, headers: token })).status).toBe(200);
      expect((await send(sandbox, list)).xml('Code')).toBe('InvalidAccessKeyId');
      const other = await send(sandbox, { ...list, headers: { 'x-amz-security-token': 'x' } });
      expect([other.status, other.xml('Code')]).toEqual([400, 'InvalidToken']);
    }));

  test('do not belong to lasting keys', async () => {
    expect((await send(running(), { ...list, headers: token })).xml('Code')).toBe('InvalidToken');
  });

  test('may have expired', () =>
    withSandbox({ expiredToken: true }, async (sandbox) => {
      const answer = await send(sandbox, list);
      expect([answer.status, answer.xml('Code')]).toEqual([400, 'ExpiredToken']);
    }));
});

test('the clock can be put forward', () =>
  withSandbox({ clockSkewMs: 3_600_000 }, async (sandbox) => {
    const answer = await send(sandbox, list);
    expect([answer.status, answer.xml('Code')]).toEqual([403, 'RequestTimeTooSkewed']);
    expect(Date.parse(answer.headers.date ?? '') - Date.now()).toBeGreaterThan(3_500_000);
  }));

test('denied actions: a missing object is hidden from whoever may not list', () =>
  withSandbox({ denyActions: ['s3:ListBucket', 's3:PutObject'] }, async (sandbox) => {
    const put = await send(sandbox, { method: 'PUT', path: `/${bucket}/a`, body: 'x' });
    expect([put.status, put.xml('Code')]).toEqual([403, 'AccessDenied']);
    expect(put.xml('Message')).toContain('is not authorized to perform: s3:PutObject');
    const get = await send(sandbox, { method: 'GET', path: `/${bucket}/a` });
    expect([get.status, get.xml('Code')]).toEqual([403, 'AccessDenied']);
    expect((await send(sandbox, list)).status).toBe(403);
  }));

test('denied actions: whoever may not read may not compare ETags', () =>
  withSandbox({ denyActions: ['s3:GetObject'] }, async (sandbox) => {
    const request = (method: string, ifMatch: string) =>
      send(sandbox, { method, path: `/${bucket}/a`, headers: { 'if-match': ifMatch } });
    await send(sandbox, { method: 'PUT', path: `/${bucket}/a`, body: 'x' });
    expect((await request('PUT', '"x"')).status).toBe(403);
    expect((await request('DELETE', '"x"')).status).toBe(403);
    expect((await request('DELETE', '*')).status).toBe(204);
  }));

test('faults strike as often as they were told to, and requests are reported', async () => {
  const seen: string[] = [];
  const faults = [{ operation: 'PutObject', status: 503, code: 'SlowDown', times: 2 }];
  await withSandbox(
    { faults, onRequest: (r) => seen.push(`${r.operation} ${r.status}`) },
    async (sandbox) => {
      const put = () => send(sandbox, { method: 'PUT', path: `/${bucket}/a`, body: 'x' });
      const answers = [await put(), await put(), await put()];
      expect(answers.map(({ status }) => status)).toEqual([503, 503, 200]);
      expect(answers[0]?.xml('Code')).toBe('SlowDown');
    },
  );
  expect(seen).toEqual(['PutObject 503', 'PutObject 503', 'PutObject 200']);
});

describe('regions', () => {
  test("another region's bucket", async () => {
    const sandbox = running();
    await sandbox.createBucket('over-there', { region: 'eu-west-1' });
    const path = '/over-there/a';
    const redirect = await send(sandbox, { method: 'GET', path });
    expect([redirect.status, redirect.xml('Code')]).toEqual([301, 'PermanentRedirect']);
    expect(redirect.headers['x-amz-bucket-region']).toBe('eu-west-1');
    expect(redirect.headers.location).toBeUndefined();
    const head = await send(sandbox, { method: 'HEAD', path: '/over-there' });
    expect([head.status, head.headers['x-amz-bucket-region']]).toEqual([301, 'eu-west-1']);
    expect((await send(sandbox, { method: 'PUT', path, body: 'x', region: 'eu-west-1' })).status).toBe(200);
    const wrong = await send(sandbox, { method: 'GET', path, region: 'eu-west-2' });
    expect([wrong.status, wrong.xml('Code'), wrong.xml('Region')]).toEqual([
      400,
      'AuthorizationHeaderMalformed',
      'eu-west-1',
    ]);
    const location = await send(sandbox, { method: 'GET', path: '/over-there?location' });
    expect(location.text).toContain('>eu-west-1</LocationConstraint>');
  });

  test('a wrong region for a bucket of here', async () => {
    const answer = await send(running(), { ...list, region: 'eu-west-1' });
    expect([answer.status, answer.xml('Region')]).toEqual([400, 'us-east-1']);
  });
});
