import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/index.ts';
import { RawUpload } from './support/multipart.ts';
import { send } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const day = 86_400_000;

function putLifecycle(rules: string, sandbox: Sandbox = running(), date?: Date) {
  const body = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${rules}</LifecycleConfiguration>`;
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const path = `/${bucket}?lifecycle`;
  return send(sandbox, { method: 'PUT', path, body, headers, ...(date === undefined ? {} : { date }) });
}

const rule = (days: number | string, more = '<Filter/>', status = 'Enabled') =>
  `<Rule><ID>tidy</ID>${more}<Status>${status}</Status><AbortIncompleteMultipartUpload><DaysAfterInitiation>${days}</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`;

test('versioning was never switched on', async () => {
  const answer = await send(running(), { method: 'GET', path: `/${bucket}?versioning` });
  expect([answer.status, answer.text.includes('<VersioningConfiguration')]).toEqual([200, true]);
  expect(answer.xml('Status')).toBeUndefined();
});

describe('lifecycle', () => {
  const ask = (method: string) => send(running(), { method, path: `/${bucket}?lifecycle` });

  test('a rule for unfinished uploads is stored, given back, deleted', async () => {
    const none = await ask('GET');
    expect([none.status, none.xml('Code'), none.xml('Message')]).toEqual([
      404,
      'NoSuchLifecycleConfiguration',
      'The lifecycle configuration does not exist',
    ]);
    expect((await putLifecycle(rule(7, '<Filter><Prefix>a/</Prefix></Filter>'))).status).toBe(200);
    const found = await ask('GET');
    const said = ['ID', 'Prefix', 'Status', 'DaysAfterInitiation'].map((name) => found.xml(name));
    expect(said).toEqual(['tidy', 'a/', 'Enabled', '7']);
    expect((await ask('DELETE')).status).toBe(204);
    expect((await ask('GET')).status).toBe(404);
  });

  test.each([
    [
      'another action',
      `${rule(1).replace('<Status>', '<Expiration><Days>1</Days></Expiration><Status>')}`,
      501,
    ],
    ['another filter', rule(1, '<Filter><Tag><Key>a</Key><Value>b</Value></Tag></Filter>'), 501],
    ['no days', rule(''), 400],
    ['day 0', rule(0), 400],
    ['no filter', rule(1, ''), 400],
    ['a status', rule(1, '<Filter/>', 'On'), 400],
    ['an ID twice', rule(1) + rule(2), 400],
    ['no rule', '', 400],
  ])('is refused: %s', async (_, rules, status) => {
    expect((await putLifecycle(rules)).status).toBe(status);
  });

  test.each([
    ['after their days', 2.1 * day, '<Filter/>', 'Enabled', 404],
    ['not before', 0.9 * day, '<Filter/>', 'Enabled', 200],
    ['not elsewhere', 2.1 * day, '<Filter><Prefix>other/</Prefix></Filter>', 'Enabled', 200],
    ['not when it is disabled', 2.1 * day, '<Filter/>', 'Disabled', 200],
  ])('ends uploads: %s', async (_, later, filter, status, expected) => {
    const dir = mkdtempSync(join(tmpdir(), 'ssec-sandbox-test-'));
    try {
      let path = '';
      await withSandbox({ dir }, async (sandbox) => {
        expect((await putLifecycle(rule(1, filter, status), sandbox)).status).toBe(200);
        const upload = new RawUpload(sandbox, 'left');
        await upload.create();
        path = `${upload.path}?uploadId=${upload.uploadId}`;
        expect((await upload.list()).status).toBe(200);
      });
      await withSandbox({ dir, clockSkewMs: later }, async (sandbox) => {
        const date = new Date(Date.now() + later);
        expect((await send(sandbox, { method: 'GET', path, date })).status).toBe(expected);
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

test('a change of one setting leaves the others', async () => {
  await putLifecycle(rule(3));
  const body =
    '<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>';
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  await send(running(), { method: 'PUT', path: `/${bucket}?encryption`, body, headers });
  const found = await send(running(), { method: 'GET', path: `/${bucket}?lifecycle` });
  expect(found.xml('DaysAfterInitiation')).toBe('3');
});
