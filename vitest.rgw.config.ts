import { defineConfig } from 'vitest/config';
import { alias, environment } from './vitest.config.ts';

/** The contract, the scripts and other people's tools on a real Ceph RGW; started by test/rgw/run.sh. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/rgw/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: environment,
  },
});
