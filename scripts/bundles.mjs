// What is bundled into what. The published package has no dependencies: all code that runs is in these files.
const shared = {
  platform: 'node',
  // parentheses around a module's function make V8 compile it at start, needed or not
  optimization: { pifeForModuleWrappers: false },
  onLog: (level, log) => {
    // the SDK imports its CRCs in two ways; the bundle is right all the same
    if (level === 'warn' && log.code !== 'INEFFECTIVE_DYNAMIC_IMPORT') throw new Error(log.message);
  },
};

export const bundles = [
  {
    ...shared,
    input: 'src/start/start.ts',
    output: { file: 'dist/start.cjs', format: 'cjs', codeSplitting: false, comments: false },
  },
  {
    ...shared,
    input: 'src/cli/main.ts',
    output: {
      dir: 'dist',
      format: 'cjs',
      comments: false,
      // V8 reads all of it at each start: a quarter less is 3 ms
      minify: { compress: false, mangle: false, codegen: true },
      // vm.Script, which loads these with cached code, knows no dynamic import
      dynamicImportInCjs: false,
      entryFileNames: 'cli.cjs',
      chunkFileNames: '[name].cjs',
      codeSplitting: {
        groups: [
          // what the start shares with the rest must not end up in the large file, or it is loaded with it
          {
            name: 'core',
            priority: 2,
            test: /src[\\/](errors|object-address|shell-word|keys[\\/].*|transfer[\\/](atomic-file|checksum|file-source|name-lock|or-interrupted|part-plan|patience|sink|source|stream-source|transfer-journal))\.ts$/,
          },
          { name: 's3', priority: 1, test: /node_modules[\\/](@aws-sdk|@smithy|hpagent)[\\/]/ },
        ],
      },
    },
  },
  {
    ...shared,
    input: 'src/index.ts',
    output: { file: 'dist/index.js', format: 'esm', codeSplitting: false, comments: false },
  },
];
