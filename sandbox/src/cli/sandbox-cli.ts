import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { variablesToUnset } from '../environment.ts';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import type { RequestRecord } from '../sandbox-options.ts';
import { commandEnvironment } from './command-environment.ts';
import { runCommand } from './run-command.ts';
import type { SandboxIo } from './sandbox-io.ts';
import { shellExports } from './shell-exports.ts';
import { SignalInbox } from './signal-inbox.ts';

const bucketName = 'ssec-sandbox';

interface Flags {
  readonly dir?: string;
  readonly port?: number;
  readonly blockSseC?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** `ssec-sandbox [options] [-- COMMAND...]`; argv is what follows the program's name. The exit code. */
export async function sandboxCli(argv: readonly string[], io: SandboxIo): Promise<number> {
  // Before the parser sees it: what follows is the command's, options and all.
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? argv : argv.slice(0, dashes);
  const [file, ...args] = dashes === -1 ? [] : argv.slice(dashes + 1);
  if (dashes !== -1 && file === undefined) {
    io.stderr.write('ssec-sandbox: there is no command after --\n');
    return 2;
  }
  let flags: Flags;
  try {
    flags = parseFlags(own, io);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const signals = new SignalInbox(io.signals);
  // Whoever reads our output may stop early; that must not end us before the clean-up.
  io.stdout.on('error', ignore);
  try {
    return await runSandbox(flags, file === undefined ? undefined : { file, args }, io, signals);
  } finally {
    io.stdout.off('error', ignore);
    signals.close();
  }
}

function ignore(): void {}

async function runSandbox(
  flags: Flags,
  command: { readonly file: string; readonly args: readonly string[] } | undefined,
  io: SandboxIo,
  signals: SignalInbox,
): Promise<number> {
  const show = ({ method, path, operation, status }: RequestRecord): void => {
    io.stderr.write(`ssec-sandbox: ${method} ${path} (${operation}): ${status}\n`);
  };
  let sandbox: Sandbox;
  try {
    sandbox = await startSandbox({ ...flags, ...(flags.verbose === true ? { onRequest: show } : {}) });
  } catch (error) {
    io.stderr.write(`ssec-sandbox: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
  try {
    await sandbox.createBucket(bucketName);
    const variables = sandbox.env(bucketName);
    if (command !== undefined) {
      return await runCommand({ ...command, env: commandEnvironment(io.env, variables) }, io, signals);
    }
    if (flags.json === true) {
      const { endpoint, dir } = sandbox;
      const record = {
        type: 'sandbox',
        Endpoint: endpoint,
        Bucket: bucketName,
        Dir: dir,
        Environment: variables,
      };
      io.stdout.write(`${JSON.stringify(record)}\n`);
    } else {
      io.stdout.write(shellExports(variables, variablesToUnset));
    }
    if (flags.quiet !== true && flags.json !== true) {
      io.stderr.write(
        `ssec-sandbox: ${sandbox.endpoint} is running, bucket ${bucketName}, objects in ${sandbox.dir}; Ctrl-C ends it\n`,
      );
    }
    await new Promise<void>((resolve) => {
      signals.deliver(() => resolve());
    });
    return 0;
  } finally {
    await sandbox.close();
  }
}

function parseFlags(argv: readonly string[], io: SandboxIo): Flags {
  const program = new Command('ssec-sandbox')
    .description('A local S3 over HTTPS that really does SSE-C, for demos, tests and CI.')
    .usage('[options] [-- COMMAND...]')
    .option('--dir <dir>', 'keep the objects in this folder (default: a temporary one, removed at the end)')
    .option('--port <number>', 'listen on this port of 127.0.0.1 (default: any free one)', parsePort)
    .option('--block-sse-c', 'new buckets block SSE-C, as on AWS since April 2026')
    .option('--json', 'without COMMAND: print one JSON object instead of shell exports')
    .option('-q, --quiet', 'print nothing on stderr but errors')
    .option('-v, --verbose', 'show each request on stderr')
    .version(version(), '--version')
    .allowExcessArguments(false)
    .addHelpText('after', helpText)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  program.parse(argv, { from: 'user' });
  return program.opts<Flags>();
}

const helpText = `
With COMMAND: makes a bucket, runs COMMAND with BUCKET_NAME, endpoint, credentials, region and certificate set,
and ends with its exit code (126: it cannot be run, 127: not found, 128+n: ended by signal n; 2: the sandbox cannot start).
Without: prints these settings as shell exports and runs until Ctrl-C or SIGTERM, then cleans up and exits 0.

  ssec-sandbox -- npm test
  ssec-sandbox --dir ./s3 --port 9443 > sandbox.env`;

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be 0 to 65535.');
  return port;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const isKnown = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return isKnown ? String(manifest.version) : 'unknown';
}
