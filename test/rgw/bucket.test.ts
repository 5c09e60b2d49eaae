import { PutBucketLifecycleConfigurationCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { sseCPolicy } from '../../src/sse-c-policy.ts';
import { plainClient } from '../support/plain-client.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

const freshFolder = temporaryFolders('rgw-bucket');
const key = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';

/** `?encryption` is no question that RGW 16 knows, and it must never be told to change it. */
describe('what a bucket says', () => {
  const server = rgwServer();
  let bucket: string;
  let env: Record<string, string | undefined>;
  let cwd: string;

  beforeAll(async () => {
    bucket = await freshBucket(server);
    env = { ...rgwEnvironment(server, bucket), SSE_CUSTOMER_KEY_BASE64: key };
    cwd = freshFolder();
    writeFileSync(join(cwd, 'data'), 'x');
  });

  test('show: what the server does not say is said', async () => {
    const client = plainClient(server);
    const abort = { DaysAfterInitiation: 3 };
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: {
          Rules: [
            { ID: 'a', Status: 'Enabled', Filter: { Prefix: 'x/' }, AbortIncompleteMultipartUpload: abort },
          ],
        },
      }),
    );
    client.destroy();
    const result = await runCli(['bucket', 'show', '--json'], { cwd, env });
    expect(JSON.parse(result.stdout)).toMatchObject({
      Region: 'default',
      BlockedEncryptionTypes: null,
      Versioning: 'Off',
      PolicyStatements: [],
      UnfinishedUploadRules: [{ Prefix: 'x/', DaysAfterInitiation: 3, Partly: false }],
      Unknown: { Encryption: 'unsupported' },
    });
  });

  test('block-sse-c changes nothing', async () => {
    const result = await runCli(['bucket', 'block-sse-c', '--verbose'], { cwd, env });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/^ssec: The server does not say how .* nothing was changed\.$/m);
    expect(result.stderr).not.toMatch(/ (PUT|DELETE) https/);
  });

  test('a put that a policy refuses without a word', async () => {
    const client = plainClient(server);
    const Policy = sseCPolicy({ bucket, rule: 'forbid', region: '' });
    await client.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
    client.destroy();
    const result = await runCli(['put', 'data'], { cwd, env });
    expect(result.code).toBe(4);
    expect(result.stderr).toMatch(/^hint: or a bucket policy denies it: ssec bucket show -b /m);
    const shown = await runCli(['bucket', 'show'], { cwd, env });
    expect(shown.stdout).toMatch(/^policy +"ForbidSseC" forbids SSE-C$/m);
  });
});
