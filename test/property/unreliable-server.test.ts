import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from 'ssec-sandbox';
import { describe, expect, test, vi } from 'vitest';
import { SsecClient } from '../../src/client.ts';
import { type ErrorCode, SsecError } from '../../src/errors.ts';
import { getObject } from '../../src/get-object.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { putObject } from '../../src/put-object.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { unit } from '../support/small-plans.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

const customerKey = CustomerKey.fromBytes(Buffer.alloc(32, 7));
/** Four parts, and three ranges. */
const content = randomBytes(34 * unit + 17);

const operations = [
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'ListParts',
  'HeadObject',
  'GetObject',
  'AbortMultipartUpload',
];
const faults = fc
  .record({
    fault: fc.oneof(
      fc
        .tuple(
          fc.constantFrom(...operations),
          fc.constantFrom('503 SlowDown', '500 InternalError', '403 AccessDenied'),
        )
        .map(([operation, error]) => `fail ${operation} ${error}`),
      fc.constantFrom(...operations).map((operation) => `drop-answer ${operation}`),
      fc
        .tuple(fc.constantFrom('UploadPart', 'GetObject'), fc.integer({ min: 0, max: 6 * unit }))
        .map(([operation, bytes]) => `drop ${operation} after ${bytes} bytes`),
      fc.integer({ min: 0, max: 6 * unit }).map((byte) => `corrupt GetObject byte ${byte}`),
      fc.constantFrom(
        'error-in-200 CompleteMultipartUpload',
        'error-in-200 CompleteMultipartUpload InternalError completed',
        'fail UploadPart 400 BadDigest',
        'fail CompleteMultipartUpload 404 NoSuchUpload',
      ),
    ),
    after: fc.integer({ min: 0, max: 5 }),
    times: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ fault, after, times }) => `${fault} after ${after} requests x${times}`);

/** What such a server can make us say; anything else is a fault of ours. */
const honest: readonly ErrorCode[] = [
  'NETWORK',
  'TIMEOUT',
  'THROTTLED',
  'SERVICE_UNAVAILABLE',
  'ACCESS_DENIED',
  'OBJECT_NOT_FOUND',
  'CHECKSUM_MISMATCH',
  // 403 with the key and 400 without
  'KEY_MISMATCH',
];

/** Again and again, as a user would, until it is done. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SsecError) || !honest.includes(error.code) || run === 40) throw error;
    }
  }
}

describe('a server on which much goes wrong', () => {
  test('in the end the object is the file, and the file the object, and nothing else is left', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(faults, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 2 }),
        async (wrong, maxAttempts) => {
          const folder = mkdtempSync(join(tmpdir(), 'ssec-unreliable-'));
          const sandbox = await startSandbox({ faults: wrong, minPartBytes: 5 * unit });
          const clientOf = () =>
            new SsecClient({
              region: sandbox.region,
              endpoint: sandbox.endpoint,
              ca: sandbox.caPem,
              credentials: { accessKeyId: sandbox.accessKeyId, secretAccessKey: sandbox.secretAccessKey },
              maxAttempts,
            });
          const clients = [clientOf()];
          const fresh = (): SsecClient => {
            const client = clientOf();
            clients.push(client);
            return client;
          };
          try {
            await sandbox.createBucket('bucket');
            const file = join(folder, 'file');
            writeFileSync(file, content);
            const place = (kind: string) => ({ folder: join(folder, 'state'), target: [kind, folder] });
            const address = { bucket: 'bucket', key: 'k', customerKey };

            const put = await untilDone(async () => {
              const source = await FileSource.open(file);
              return putObject({
                ...address,
                client: fresh(),
                source,
                partSize: 9 * unit,
                journal: place('put'),
              }).finally(() => source.close());
            });
            expect(put.size).toBe(content.length);

            const copy = join(folder, 'copy');
            const got = await untilDone(() =>
              getObject({
                ...address,
                client: fresh(),
                journal: place('get'),
                openSink: (_object, earlier) =>
                  openFileTarget(copy, earlier === undefined ? {} : { temporaryName: earlier.temporaryName }),
              }),
            );
            expect(got.proof).toBe('CRC32');
            expect(readFileSync(copy).equals(content)).toBe(true);
            expect(readdirSync(folder).sort()).toEqual(['copy', 'file', 'state']);
            expect(readdirSync(join(folder, 'state'))).toEqual([]);
            // of an upload whose beginning or end nobody heard of, nobody can know
            if (wrong.some((fault) => /AbortMultipartUpload|drop-answer CreateMultipartUpload/.test(fault)))
              return;
            const plain = plainClient(accessTo(sandbox));
            const { Uploads = [] } = await plain.send(new ListMultipartUploadsCommand({ Bucket: 'bucket' }));
            plain.destroy();
            expect(Uploads).toEqual([]);
          } finally {
            for (const client of clients) client.close();
            await sandbox.close();
            rmSync(folder, { recursive: true, force: true });
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});
