import { randomBytes } from 'node:crypto';
import { CopyObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { startSandbox } from '../src/index.ts';
import { RawUpload } from './support/multipart.ts';
import { type RawResponse, send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';
import { refusal, sdkClient } from './support/sdk-client.ts';

const one = sseC(randomBytes(32));
const other = sseC(randomBytes(32));
const echoed = 'x-amz-server-side-encryption-customer-key-md5';
const content = randomBytes(50_000);
const ofSource = Object.fromEntries(
  Object.entries(one).map(([name, value]) => [name.replace(/^x-amz-/, 'x-amz-copy-source-'), value]),
);
const copying = { 'x-amz-copy-source': `${bucket}/source`, ...ofSource, ...other };

interface Struck {
  readonly copy: () => Promise<RawResponse>;
  readonly read: (name: string, headers: Record<string, string>) => Promise<RawResponse>;
  readonly upload: RawUpload;
}

/** A sandbox with this fault, an object under one key, and an upload under another. */
function struck(fault: string, use: (given: Struck) => Promise<void>): Promise<void> {
  return withSandbox({ faults: [fault] }, async (sandbox) => {
    const at = (name: string) => `/${bucket}/${name}`;
    await send(sandbox, { method: 'PUT', path: at('source'), body: content, headers: one });
    const upload = new RawUpload(sandbox, 'parts');
    await upload.create(other);
    await use({
      copy: () => send(sandbox, { method: 'PUT', path: at('copy'), headers: copying }),
      read: (name, headers) => send(sandbox, { method: 'GET', path: at(name), headers }),
      upload,
    });
  });
}

describe('an error in a 200', () => {
  test.each([
    ['error-in-200 CopyObject', 'InternalError', 404],
    ['error-in-200 CopyObject SlowDown completed', 'SlowDown', 200],
  ])('%s', (fault, code, found) =>
    struck(fault, async ({ copy, read }) => {
      const answer = await copy();
      expect([answer.status, answer.xml('Code')]).toEqual([200, code]);
      expect(answer.text).toMatch(/^<\?xml[^>]*>\s{10,}<Error>/);
      expect((await read('copy', other)).status).toBe(found);
    }),
  );

  test('of a part', () =>
    struck('error-in-200 UploadPartCopy', async ({ upload }) => {
      const answer = await upload.part(1, '', copying);
      expect([answer.status, answer.xml('Code')]).toEqual([200, 'InternalError']);
    }));
});

test('a wrong byte in the copy, and the right checksum', () =>
  struck('corrupt CopyObject byte 40000', async ({ copy, read }) => {
    const answer = await copy();
    expect(answer.status).toBe(200);
    const found = await read('copy', { ...other, 'x-amz-checksum-mode': 'ENABLED' });
    expect(found.headers['x-amz-checksum-crc64nvme']).toBe(answer.xml('ChecksumCRC64NVME'));
    const wrong = [...content.keys()].filter((at) => found.body[at] !== content[at]);
    expect(wrong).toEqual([40_000]);
  }));

test.each(['CopyObject', 'UploadPartCopy'])('the echo of %s', async (operation) => {
  const echo = async (fault: string) => {
    let seen: unknown;
    await struck(`${fault} ${operation}`, async ({ copy, upload }) => {
      const answer = operation === 'CopyObject' ? await copy() : await upload.part(1, '', copying);
      seen = [answer.status, answer.headers[echoed] === other[echoed], echoed in answer.headers];
    });
    return seen;
  };
  expect(await echo('no-echo')).toEqual([200, false, false]);
  expect(await echo('echo-other-key')).toEqual([200, false, true]);
});

test('it was done, and the answer is lost', () =>
  struck('drop-answer CopyObject', async ({ copy, read }) => {
    await expect(copy()).rejects.toThrow();
    expect((await read('copy', other)).status).toBe(200);
  }));

test('no faults that could not strike', async () => {
  for (const fault of ['fail CopyObject 503 SlowDown part 1', 'corrupt HeadObject byte 1']) {
    await expect(startSandbox({ faults: [fault] })).rejects.toThrow();
  }
});

describe('the SDK', () => {
  const running = runningSandbox({ faults: ['error-in-200 CopyObject'] });
  const client = sdkClient(running);

  test('takes an error in a 200 for one', async () => {
    const address = { Bucket: bucket, Key: 'a' };
    await client().send(new PutObjectCommand({ ...address, Body: 'x' }));
    const copy = new CopyObjectCommand({ Bucket: bucket, Key: 'b', CopySource: `${bucket}/a` });
    expect((await refusal(client().send(copy))).code).toBe('InternalError');
    const head = new HeadObjectCommand({ Bucket: bucket, Key: 'b' });
    expect((await refusal(client().send(head))).status).toBe(404);
  });
});
