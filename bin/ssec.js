#!/usr/bin/env node
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '../dist');

if (existsSync(join(dist, 'start.cjs'))) {
  void require('../dist/start.cjs')
    .start(dist, {
      packageFile: join(__dirname, '../package.json'),
      loadSandbox: () => import('ssec-sandbox'),
    })
    .then((exitCode) => {
      process.exitCode = exitCode;
    });
} else {
  process.stderr.write('ssec: this clone is not built yet.\nhint: npm ci\n');
  process.exitCode = 2;
}
