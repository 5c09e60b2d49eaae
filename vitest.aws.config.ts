import { defineConfig } from 'vitest/config';

/** The contract on AWS; test/aws says what it wants. */
export default defineConfig({
  test: {
    include: ['test/aws/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
