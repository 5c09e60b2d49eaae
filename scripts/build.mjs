// Builds the package: the bundles of the command line and of the library, and the library's declarations.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const bin = (name, command) => {
  const manifest = require.resolve(`${name}/package.json`);
  return join(dirname(manifest), require(manifest).bin[command]);
};
const node = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });

rmSync(join(root, 'dist'), { recursive: true, force: true });
node(join(dirname(require.resolve('rolldown/package.json')), 'bin/cli.mjs'), '-c', 'rolldown.config.ts');
node(bin('typescript', 'tsc'), '-p', 'tsconfig.types.json');
