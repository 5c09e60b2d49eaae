import {
  type ChecksumAlgorithm as SdkAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutBucketVersioningCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SandboxOptions, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SsecClient } from '../../src/client.ts';
import { getObject } from '../../src/get-object.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { type ChecksumAlgorithm, createChecksum } from '../../src/transfer/checksum.ts';
import type { DownloadProof } from '../../src/transfer/download-proof.ts';
import type { Sink } from '../../src/transfer/sink.ts';
import { verifyObject } from '../../src/verify-object.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { unit } from '../support/small-plans.ts';
import { rejected } from '../unit/support/thrown.ts';
import { sandboxed } from './sandboxed.ts';
import { servesObject } from './stored-object.ts';
import { customerKey, faulty, folder } from './support.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const content = randomBytes(34 * unit);

interface Got {
  readonly proof: DownloadProof;
  readonly bytes: Buffer;
  readonly notices: readonly string[];
}

/** Into a file, or to where bytes go in order. */
const ways = ['file', 'stream'] as const;
type Way = (typeof ways)[number];

async function get(client: SsecClient, key: string, way: Way): Promise<Got> {
  const path = join(folder(), 'copy');
  const notices: string[] = [];
  const came: Buffer[] = [];
  const stream: Sink = {
    write: (chunk) => {
      came.push(Buffer.from(chunk));
      return Promise.resolve();
    },
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
  const result = getObject({
    client,
    bucket: 'bucket',
    key,
    customerKey,
    openSink: () => (way === 'file' ? openFileTarget(path) : Promise.resolve(stream)),
    onNotice: (message) => notices.push(message),
  });
  await result.catch(() => expect(existsSync(path)).toBe(false));
  const { proof } = await result;
  return { proof, notices, bytes: way === 'file' ? readFileSync(path) : Buffer.concat(came) };
}

describe('the checksum of the whole object', () => {
  const cases = [
    ['CRC32', 'stream'],
    ['CRC32C', 'file'],
    ['CRC64NVME', 'file'],
    ['SHA256', 'file'],
    ['SHA1', 'stream'],
  ] as const satisfies readonly (readonly [ChecksumAlgorithm, Way])[];

  test.for(cases)('%s, to a %s: in ranges, right and with one wrong bit', async ([algorithm, way]) => {
    const sum = await createChecksum(algorithm);
    sum.update(content);
    const headers = { [`x-amz-checksum-${algorithm.toLowerCase()}`]: await sum.digest() };
    let isWrong = false;
    const { client, server } = await faulty(
      servesObject(
        () => ({ content, headers }),
        (answer, request) => {
          if (!isWrong || !(request.headers['range'] ?? '').endsWith(`-${content.length - 1}`)) return answer;
          const body = Buffer.from(answer.body ?? '');
          body[body.length - 1]! ^= 0x80;
          return { ...answer, body };
        },
      ),
    );
    const got = await get(client, 'k', way);
    expect(got.proof).toBe(algorithm);
    expect(got.bytes.equals(content)).toBe(true);
    expect(got.notices).toEqual([]);
    expect(server.requests.length).toBeGreaterThan(2);
    isWrong = true;
    expect((await rejected(get(client, 'k', way))).code).toBe('CHECKSUM_MISMATCH');
  });

  test('none at all: the number of bytes stands for them', async () => {
    const { client } = await faulty(servesObject(() => ({ content })));
    expect((await get(client, 'k', 'file')).proof).toBe('size');
  });
});

/** Objects that have a checksum of their parts alone, by their parts. */
const objects = {
  even: { algorithm: 'SHA256', sizes: [5 * unit, 5 * unit, unit] },
  // as many parts as if all were as large as the first
  'nearly even': { algorithm: 'CRC32', sizes: [6 * unit, 5 * unit, 3 * unit] },
  odd: { algorithm: 'CRC32', sizes: [6 * unit, 5 * unit, unit] },
  large: { algorithm: 'CRC32', sizes: [20 * unit, 14 * unit] },
} as const;
type Name = keyof typeof objects;

const bytesOf = (name: Name): Buffer =>
  content.subarray(
    0,
    objects[name].sizes.reduce((sum: number, size) => sum + size, 0),
  );

describe('the checksum of the checksums of parts', () => {
  let dir = '';

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'ssec-composite-'));
    const sandbox = await startSandbox({ dir: join(dir, 'objects'), minPartBytes: unit });
    await sandbox.createBucket('bucket');
    const plain = plainClient(accessTo(sandbox));
    for (const name of Object.keys(objects) as Name[]) await putInParts(plain, name);
    plain.destroy();
    await sandbox.close();
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  async function withObjects(options: SandboxOptions = {}) {
    const copy = join(folder(), 'objects');
    cpSync(join(dir, 'objects'), copy, { recursive: true });
    return sandboxed({ dir: copy, ...options });
  }
  const hidden = { denyActions: ['s3:GetObjectAttributes', 's3:GetObjectVersionAttributes'] };
  const corrupt = (byte: number) => ({ faults: [`corrupt GetObject byte ${byte} always`] });

  test.for([
    ['even', 'file'],
    ['odd', 'stream'],
    ['nearly even', 'file'],
    ['large', 'file'],
    ['large', 'stream'],
  ] as const)('%s, to a %s: S3 says where they begin', async ([name, way]) => {
    const world = await withObjects();
    const got = await get(world.client, name, way);
    expect(got.proof).toBe(`${objects[name].algorithm}_COMPOSITE`);
    expect(got.bytes.equals(bytesOf(name))).toBe(true);
    expect(got.notices).toEqual([]);
    const broken = await withObjects(corrupt(1000));
    expect((await rejected(get(broken.client, name, way))).code).toBe('CHECKSUM_MISMATCH');
  });

  test.for(['even', 'large'] as const)('%s: it may not say so, and the first part tells', async (name) => {
    const world = await withObjects(hidden);
    const got = await get(world.client, name, 'file');
    expect(got.proof).toBe(`${objects[name].algorithm}_COMPOSITE`);
    expect(got.bytes.equals(bytesOf(name))).toBe(true);
    const heads = world.requests.filter(({ path }) => path.includes('partNumber='));
    expect(heads).toHaveLength(1);
    const broken = await withObjects({ ...hidden, ...corrupt(1000) });
    expect((await rejected(get(broken.client, name, 'file'))).code).toBe('CHECKSUM_MISMATCH');
  });

  test.for([
    ['odd', 'S3 does not say where its parts begin'],
    ['nearly even', 'its parts are not of one size'],
  ] as const)('%s: it may not say so, and the user hears that nothing is verified', async ([name, why]) => {
    const world = await withObjects(hidden);
    const got = await get(world.client, name, 'file');
    expect(got.proof).toBe('size');
    expect(got.bytes.equals(bytesOf(name))).toBe(true);
    expect(got.notices).toEqual([
      `s3://bucket/${name} has a checksum of its parts only, which was not verified: ${why}`,
    ]);
  });

  test('of a version that was cut otherwise than the one that stands there now', async () => {
    const world = await sandboxed({ minPartBytes: unit });
    await world.plain.send(
      new PutBucketVersioningCommand({ Bucket: 'bucket', VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const versionId = await putInParts(world.plain, 'odd');
    await putInParts(world.plain, 'odd', [5 * unit, 6 * unit, unit]);
    const object = { client: world.client, bucket: 'bucket', key: 'odd', versionId, customerKey };
    const notices: string[] = [];
    const onNotice = (message: string): void => void notices.push(message);
    expect(await verifyObject({ ...object, onNotice })).toMatchObject({
      proof: 'CRC32_COMPOSITE',
      read: true,
      versionId,
    });
    const file = new BytesSource(bytesOf('odd'));
    expect(await verifyObject({ ...object, file, onNotice })).toMatchObject({ proof: 'CRC32_COMPOSITE' });
    expect(notices).toEqual([]);
  });

  test('no part may be asked for: the user hears of that too', async () => {
    const world = await withObjects({
      ...hidden,
      faults: ['fail HeadObject 403 AccessDenied always'],
    });
    const got = await get(world.client, 'even', 'file');
    expect(got.proof).toBe('size');
    expect(got.notices).toHaveLength(1);
  });
});

/** @returns the version id */
async function putInParts(
  plain: S3Client,
  name: Name,
  sizes: readonly number[] = objects[name].sizes,
): Promise<string | undefined> {
  const { algorithm } = objects[name];
  const where = { Bucket: 'bucket', Key: name, ...customerKey.requestFields() };
  const ChecksumAlgorithm: SdkAlgorithm = algorithm;
  const { UploadId } = await plain.send(
    new CreateMultipartUploadCommand({ ...where, ChecksumAlgorithm, ChecksumType: 'COMPOSITE' }),
  );
  const Parts = [];
  let start = 0;
  for (const [index, size] of sizes.entries()) {
    const PartNumber = index + 1;
    const Body = content.subarray(start, start + size);
    const part = await plain.send(
      new UploadPartCommand({ ...where, UploadId, PartNumber, Body, ChecksumAlgorithm }),
    );
    const { ETag, ChecksumCRC32, ChecksumSHA256 } = part;
    Parts.push({ PartNumber, ETag, ChecksumCRC32, ChecksumSHA256 });
    start += size;
  }
  const completed = await plain.send(
    new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }),
  );
  return completed.VersionId;
}
