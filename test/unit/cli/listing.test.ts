import { DeleteObjectCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encryptionLabel } from '../../../src/cli/listing/encryption-label.ts';
import { KeyTally } from '../../../src/cli/listing/key-tally.ts';
import { listingLine } from '../../../src/cli/listing/listing-line.ts';
import { tallyChart } from '../../../src/cli/listing/tally-chart.ts';
import { interruption } from '../../../src/cli/io.ts';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { encryptionOf } from '../../../src/object-encryption.ts';
import { accessTo, plainClient } from '../../support/plain-client.ts';
import { runCli } from '../../support/run-cli.ts';
import { temporaryFolders } from '../../support/temp-folder.ts';

const ringKey = (name: string, isRetired = false) => ({
  name,
  isRetired,
  customerKey: CustomerKey.generate(),
  created: new Date(0),
});
const sseC = (name: string, isRetired = false) =>
  ({ encryption: 'SSE-C', ringKey: ringKey(name, isRetired), kmsKeyId: undefined }) as const;

describe('the encryption of an object', () => {
  test.for([
    [undefined, 'none'],
    ['AES256', 'SSE-S3'],
    ['aws:kms', 'SSE-KMS'],
    ['aws:kms:dsse', 'DSSE-KMS'],
    ['aws:fsx', 'aws:fsx'],
  ])('%s is %s', ([algorithm, name]) => {
    const head = { $metadata: {}, ServerSideEncryption: algorithm as never };
    expect(encryptionLabel(encryptionOf({ kind: 'plain', head }))).toBe(name);
  });

  test('under a customer key', () => {
    expect(encryptionLabel(encryptionOf({ kind: 'unknown', tried: 3 }))).toBe('SSE-C ?');
    expect(encryptionLabel(sseC('2026'))).toBe('SSE-C 2026');
    expect(encryptionLabel(sseC(''))).toBe('SSE-C (given)');
    expect(encryptionLabel('denied')).toBe('?');
  });
});

test('a line has its columns whatever is missing', () => {
  const entry = {
    key: 'a b',
    size: 5 * 2 ** 40,
    lastModified: undefined,
    etag: undefined,
    storageClass: undefined,
  };
  const bare = { humanReadable: false, encryptionWidth: undefined };
  expect(listingLine(entry, undefined, bare)).toBe(`${' '.repeat(20)}  5497558138880  a b`);
  expect(listingLine(entry, undefined, { ...bare, humanReadable: true })).toBe(
    `${' '.repeat(20)}       5 TiB  a b`,
  );
});

describe('the chart', () => {
  const tally = new KeyTally([]);
  for (let n = 0; n < 300; n++) tally.add(sseC('2026'), 1024);
  tally.add(sseC('2019', true), 1);
  const chart = (columns: number | undefined): string[] =>
    tallyChart(tally.sums, { humanReadable: true, counted: 'objects', columns });

  test('has a bar for the least of them', () => {
    expect(chart(undefined)).toEqual([
      '                      objects     size',
      `SSE-C 2026                300  300 KiB  ${'#'.repeat(30)}`,
      'SSE-C 2019 (retired)        1      1 B  #',
      'all                       301  300 KiB',
    ]);
  });

  test.for([60, 50, 46, 40])('fits into %d columns', (columns) => {
    for (const line of chart(columns)) expect(line.length).toBeLessThan(columns);
  });
});

describe('of versions', () => {
  let sandbox: Sandbox;
  let env: Record<string, string>;
  const cwd = temporaryFolders('listing')();

  beforeAll(async () => {
    sandbox = await startSandbox();
    await sandbox.createBucket('my-bucket');
    const keys = { '2025': CustomerKey.generate(), '2026': CustomerKey.generate() };
    mkdirSync(join(cwd, 'ring'));
    for (const [name, key] of Object.entries(keys))
      writeFileSync(join(cwd, 'ring', `${name}.key`), key.toBase64(), { mode: 0o600 });
    const s3 = plainClient(accessTo(sandbox));
    const Bucket = 'my-bucket';
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    for (const key of [keys['2025'], keys['2026'], CustomerKey.generate()]) {
      const fields = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toBase64() };
      await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'x', ...fields }));
    }
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    s3.destroy();
    env = { ...sandbox.env(Bucket), SSEC_KEYRING: 'ring' };
  });
  afterAll(() => sandbox.close());

  test('each has its key', async () => {
    const { stdout, code } = await runCli(['ls', '--versions', '--long'], { cwd, env });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.slice(22).replace(/\S{32}/, '{id}'))).toEqual([
      '         DEL              {id}  latest  a',
      '           1  SSE-C ?     {id}          a',
      '           1  SSE-C 2026  {id}          a',
      '           1  SSE-C 2025  {id}          a',
    ]);
    expect(code).toBe(0);
  });

  test('those under a key are found, and counted without the delete marker', async () => {
    const found = await runCli(['ls', '--versions', '--key-name', '2025', '--json'], { cwd, env });
    expect(JSON.parse(found.stdout)).toMatchObject({ Key: 'a', IsLatest: false, KeyName: '2025' });
    const { stdout } = await runCli(['ls', '--versions', '--summary'], { cwd, env });
    expect(stdout).toMatch(/^ +versions  bytes\n(SSE-C \S+ +1 {6}1  #+\n){3}all +3 {6}3\n$/);
  });

  test('an interruption ends it', async () => {
    const controller = new AbortController();
    const running = runCli(['ls', '--versions', '--long'], { cwd, env, signal: controller.signal });
    controller.abort(interruption('SIGINT'));
    expect((await running).code).toBe(130);
  });
});
