import { PutObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { KeyRing } from '../../src/keys/key-ring.ts';
import { plainClient } from '../support/plain-client.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

const freshFolder = temporaryFolders('rgw-rekey');

/** RGW 16 refuses copies whose source is under SSE-C, and passes over the key of one whose source is plain. */
describe('rekeying on a server that cannot copy between keys', () => {
  const server = rgwServer();
  let cwd: string;
  let env: Record<string, string | undefined>;
  const ssec = (...argv: string[]): Promise<CliResult> => runCli(argv, { cwd, env });

  beforeAll(async () => {
    cwd = freshFolder();
    const bucket = await freshBucket(server);
    env = { ...rgwEnvironment(server, bucket), SSEC_KEYRING: 'ring' };
    writeFileSync(join(cwd, 'data'), randomBytes(100_000));
    const ring = await KeyRing.open(join(cwd, 'ring'));
    for (const name of ['new', 'old']) await ring.add(name, CustomerKey.generate());
    for (const key of ['p/a', 'p/b'])
      expect(await ssec('put', 'data', key, '--key-name', 'old')).toMatchObject({ code: 0 });
    const sdk = plainClient(server);
    await sdk.send(new PutObjectCommand({ Bucket: bucket, Key: 'plain', Body: 'hello' }));
    sdk.destroy();
  });

  /** The object, as it was before. */
  async function expectUntouched(key: string, ...how: string[]): Promise<void> {
    expect(await ssec('verify', key, 'data', ...how)).toMatchObject({ code: 0 });
  }

  test.for([
    ['to another key', ['--to', 'new']],
    ['out of SSE-C', ['--to', 'none']],
    ['elsewhere', ['--to', 'new', 'elsewhere']],
  ] as const)('%s: refused, with the way that there is', async ([, [flag, name, ...dest]]) => {
    const result = await ssec('rekey', 'p/a', ...dest, flag, name);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(
      /^ssec: a copy does not keep [^\n]*\nssec: The server cannot copy between customer keys: it refused CopyObject of s3:\/\/[^/]+\/p\/a, which it reads \(HTTP 501\)\.\nhint: [^\n]*--through-client\n/,
    );
    await expectUntouched('p/a', '--key-name', 'old');
    expect(await ssec('stat', 'elsewhere')).toMatchObject({ code: 5 });
  });

  test('many: it is found out once', async () => {
    const result = await ssec('rekey', '-r', 'p/', '--to', 'new');
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr.match(/cannot copy/g)).toHaveLength(1);
    for (const key of ['p/a', 'p/b']) await expectUntouched(key, '--key-name', 'old');
  });

  test('into SSE-C: the key is passed over, and nothing is lost', async () => {
    const result = await ssec('rekey', 'plain', '--from', 'none', '--to', 'new');
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(result.stderr).toContain('did not encrypt the copy');
    expect(result.stderr).toContain('nothing was lost: it is as unencrypted as it was before');
    expect(result.stderr).toContain('--through-client');
    expect((await ssec('get', 'plain', '-o', '-')).stdout).toBe('hello');
  });

  test('into SSE-C elsewhere: what the server stored unencrypted is named', async () => {
    const result = await ssec('rekey', 'plain', 'copy', '--from', 'none', '--to', 'new');
    expect(result.code).toBe(6);
    expect(result.stderr).toMatch(/^hint: .*ssec rm s3:\/\/[^/]+\/copy/m);
  });

  test('through the client, in parts: what was verified says the proof', async () => {
    writeFileSync(join(cwd, 'big'), randomBytes(20_000_000));
    await ssec('put', 'big', '--key-name', 'old', '--metadata', 'author=me', '--tag', 'a=b');
    for (const key of ['p/a', 'big']) {
      const result = await ssec('rekey', key, '--to', 'new', '--through-client', '--json');
      expect(result).toMatchObject({ code: 0 });
      expect(JSON.parse(result.stdout)).toMatchObject({
        Status: 'rekeyed',
        CopiedBy: 'client',
        Proof: 'MD5',
      });
    }
    expect(await ssec('verify', 'big', 'big', '--key-name', 'new', '--locked')).toMatchObject({ code: 0 });
    const told = JSON.parse((await ssec('stat', 'big', '--json')).stdout) as Record<string, unknown>;
    // the gateway forgets tags that are given where an upload in parts begins
    expect(told).toMatchObject({ Metadata: { author: 'me' }, KeyName: 'new', TagCount: 1 });
    const out = await ssec('rekey', 'big', '--to', 'none', '--through-client');
    expect(out).toMatchObject({ code: 0 });
    expect((await ssec('stat', 'big')).stdout).toMatch(/^ {2}TagCount +1$/m);
  });
});
