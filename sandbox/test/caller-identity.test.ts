import { expect, test } from 'vitest';
import { type RawRequest, send, sendHeaders } from './support/raw-request.ts';
import { runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const ask: RawRequest = {
  method: 'POST',
  path: '/',
  service: 'sts',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'Action=GetCallerIdentity&Version=2011-06-15',
};

test('says whose the credentials are', async () => {
  const answer = await send(running(), ask);
  expect([answer.status, answer.xml('Account'), answer.xml('Arn')]).toEqual([
    200,
    '123456789012',
    'arn:aws:iam::123456789012:user/sandbox',
  ]);
});

test('in any region, without any right', () =>
  withSandbox({ denyActions: ['sts:GetCallerIdentity'] }, async (sandbox) => {
    expect((await send(sandbox, { ...ask, region: 'eu-north-1' })).status).toBe(200);
  }));

test.each([
  ['another secret', { ...ask, secretAccessKey: 'other' }, 403, 'SignatureDoesNotMatch'],
  ['another body', { ...ask, payloadHash: 'x' }, 403, 'SignatureDoesNotMatch'],
  ['a clock that is wrong', { ...ask, date: new Date(Date.now() - 3_600_000) }, 403, 'SignatureDoesNotMatch'],
  ['another action', { ...ask, body: 'Action=GetSessionToken' }, 400, 'InvalidAction'],
] as const)('%s is refused', async (_, raw, status, code) => {
  const answer = await send(running(), raw);
  expect([answer.status, answer.xml('Type'), answer.xml('Code')]).toEqual([status, 'Sender', code]);
});

test('without a signature', async () => {
  const answer = await sendHeaders(running(), ask, {});
  expect([answer.status, answer.xml('Code')]).toEqual([403, 'MissingAuthenticationToken']);
});

test('an expired token; a fault', async () => {
  await withSandbox({ expiredToken: true }, async (sandbox) => {
    const answer = await send(sandbox, ask);
    expect([answer.status, answer.xml('Code')]).toEqual([403, 'ExpiredToken']);
  });
  await withSandbox({ faults: ['fail GetCallerIdentity 403 AccessDenied'] }, async (sandbox) => {
    const answer = await send(sandbox, ask);
    expect([answer.status, answer.text.includes('<ErrorResponse'), answer.xml('Code')]).toEqual([
      403,
      true,
      'AccessDenied',
    ]);
  });
});
