import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The contract, the scripts and other people's tools on a real Ceph RGW; started by test/rgw/run.sh. */
export default defineConfig({
  resolve: {
    alias: { 'ssec-sandbox': fileURLToPath(new URL('sandbox/src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/rgw/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: {
      HTTPS_PROXY: '',
      https_proxy: '',
      ALL_PROXY: '',
      all_proxy: '',
      AWS_CA_BUNDLE: '',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
  },
});
