import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { 'ssec-sandbox': fileURLToPath(new URL('sandbox/src/index.ts', import.meta.url)) },
  },
  test: {
    include: ['test/**/*.test.ts', 'sandbox/test/**/*.test.ts'],
    exclude: ['test/rgw/**', 'test/aws/**'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // a proxy or a CA of the machine that runs the tests must not reach them
    env: {
      HTTPS_PROXY: '',
      https_proxy: '',
      ALL_PROXY: '',
      all_proxy: '',
      AWS_CA_BUNDLE: '',
      NODE_EXTRA_CA_CERTS: '',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    },
    coverage: { include: ['src/**'], reporter: ['text-summary'] },
  },
});
