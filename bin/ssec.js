#!/usr/bin/env node
const { join } = require('node:path');
const { start } = require('../dist/start.cjs');

start(join(__dirname, '../dist'), {
  packageFile: join(__dirname, '../package.json'),
  loadSandbox: () => import('ssec-sandbox'),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
