import { PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { KeyRing } from '../../src/keys/key-ring.ts';
import { plainClient } from '../support/plain-client.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

const freshFolder = temporaryFolders('rgw-ring');

/** Ceph says 400 where the key is another, and AWS 403. */
describe('a ring of twelve keys', () => {
  const server = rgwServer();
  let cwd: string;
  let env: Record<string, string | undefined>;
  const ssec = (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd, env });
  const keyNameOf = ({ stdout }: CliResult): unknown => (JSON.parse(stdout) as { KeyName: unknown }).KeyName;

  beforeAll(async () => {
    cwd = freshFolder();
    const bucket = await freshBucket(server);
    env = { ...rgwEnvironment(server, bucket), SSEC_KEYRING: 'ring' };
    writeFileSync(join(cwd, 'data'), 'hello');
    writeFileSync(join(cwd, 'empty'), '');
    mkdirSync(join(cwd, 'out'));
    const ring = await KeyRing.open(join(cwd, 'ring'));
    for (let i = 0; i < 12; i++) await ring.add(`key-${i}`, CustomerKey.generate());
    for (const name of ['data', 'empty'])
      expect(await ssec('put', name, `x/${name}`, '--key-name', 'key-11')).toMatchObject({ code: 0 });
    expect(await ssec('put', 'data', 'default')).toMatchObject({ code: 0 });
    const sdk = plainClient(server);
    await sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'plain', Body: 'hello' }));
    const other = CustomerKey.generate().requestFields();
    await sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'other', Body: 'hello', ...other }));
    sdk.destroy();
  });

  test('the default, by the GET itself', async () => {
    const result = await ssec('get', 'default', '-o', 'out/default', '--json', '--verbose');
    expect(keyNameOf(result)).toBe('key-0');
    expect(result.stderr).not.toContain('HEAD');
  });

  test('another key is found', async () => {
    expect(keyNameOf(await ssec('get', 'x/data', '-o', 'out/data', '--json'))).toBe('key-11');
  });

  test('of an empty object too', async () => {
    expect(keyNameOf(await ssec('get', 'x/empty', '-o', 'out/empty', '--json'))).toBe('key-11');
  });

  test('a plain object needs none', async () => {
    const result = await ssec('get', 'plain', '-o', 'out/plain', '--json');
    expect(JSON.parse(result.stdout)).toMatchObject({ KeyName: null, SSECustomerAlgorithm: null });
  });

  test('none fits', async () => {
    const result = await ssec('get', 'other', '-o', 'out/other');
    expect(result.code).toBe(6);
    expect(result.stderr).toContain('is encrypted with none of the 12 keys of the ring');
  });

  test('credentials that the server does not know are told as such', async () => {
    const wrong = { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' };
    const result = await runCli(['get', 'x/data', '-o', 'out/no'], { cwd, env: wrong });
    expect(result.code).toBe(4);
  });
});
