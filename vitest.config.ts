import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { leftOutOn } from './test/platforms.ts';

// What the machine's user has set up must not reach the tests, nor the processes that they start.
const ours =
  /^(?:AWS_|SSEC_(?!TEST_)|BUCKET_NAME$|KEY$|PROFILE$|SSE_CUSTOMER_KEY_|NODE_TLS_REJECT_UNAUTHORIZED$|NODE_EXTRA_CA_CERTS$|(?:HTTPS|ALL)_PROXY$)/i;
for (const name of Object.keys(process.env)) if (ours.test(name)) delete process.env[name];

/** Where the SDK would look by itself, in a test that runs in this process. */
export const environment = {
  AWS_CONFIG_FILE: fileURLToPath(new URL('test/no-such-aws-config', import.meta.url)),
  AWS_SHARED_CREDENTIALS_FILE: fileURLToPath(new URL('test/no-such-aws-credentials', import.meta.url)),
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

export const alias = { 'ssec-sandbox': fileURLToPath(new URL('sandbox/src/index.ts', import.meta.url)) };

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts', 'sandbox/test/**/*.test.ts'],
    exclude: ['test/rgw/**', 'test/aws/**', ...leftOutOn(process.platform)],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Every core: the tests wait half of the time. Not threads: some tests change the user, which a thread may not.
    maxWorkers: '100%',
    env: environment,
    coverage: { include: ['src/**'], reporter: ['text-summary'] },
  },
});
