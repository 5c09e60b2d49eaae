#!/usr/bin/env node
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { main } = createRequire(import.meta.url)('../dist/cli.cjs');

process.exitCode = await main({
  packageFile: fileURLToPath(new URL('../package.json', import.meta.url)),
  loadSandbox: () => import('ssec-sandbox'),
});
