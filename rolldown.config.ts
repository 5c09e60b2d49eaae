import { defineConfig } from 'rolldown';

const shared = {
  platform: 'node' as const,
  // the SDK's browser builds are not ours
  resolve: { conditionNames: ['module', 'import', 'node', 'default'] },
  treeshake: true,
};

export default defineConfig([
  {
    ...shared,
    input: 'src/cli/main.ts',
    output: { file: 'dist/cli.cjs', format: 'cjs', codeSplitting: false, comments: false },
  },
  {
    ...shared,
    input: 'src/index.ts',
    output: { file: 'dist/index.js', format: 'esm', codeSplitting: false, comments: false },
  },
]);
