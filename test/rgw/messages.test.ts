import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

const freshFolder = temporaryFolders('rgw-messages');
const key = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';

/** RGW leaves most messages empty and uses other codes; the sentences do not change. */
describe('what a person reads', () => {
  const server = rgwServer();
  let env: Record<string, string | undefined>;
  let cwd: string;

  beforeAll(async () => {
    env = { ...rgwEnvironment(server, await freshBucket(server)), SSE_CUSTOMER_KEY_BASE64: key };
    cwd = freshFolder();
    writeFileSync(join(cwd, 'data'), 'x');
  });

  test('a refusal that has no words', async () => {
    const result = await runCli(['put', 'data', '--storage-class', 'FREEZER', '--verbose'], { cwd, env });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/^ssec: The server refused the put; .* storage class FREEZER\.$/m);
    expect(result.stderr).toMatch(/^note: the server answered HTTP 400 InvalidArgument \(request \S+\)$/m);
  });

  test('a new bucket has nothing to allow', async () => {
    const result = await runCli(['bucket', 'allow-sse-c', '--json'], { cwd, env });
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ Changed: false, BlockedEncryptionTypes: [] });
  });
});
