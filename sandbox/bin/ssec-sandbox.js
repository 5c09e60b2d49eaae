#!/usr/bin/env node
import { sandboxCli } from '../dist/index.js';

process.exitCode = await sandboxCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signals: process,
});
