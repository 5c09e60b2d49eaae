import { variablesToUnset } from '../environment.ts';
import { type Sandbox, startSandbox } from '../sandbox.ts';
import { commandEnvironment } from './command-environment.ts';
import { type Flags, parseFlags } from './flags.ts';
import { Report, StartError } from './report.ts';
import { runCommand } from './run-command.ts';
import type { SandboxIo } from './sandbox-io.ts';
import { shellExports } from './shell-exports.ts';
import { SignalInbox } from './signal-inbox.ts';

const bucketName = 'ssec-sandbox';

/** `ssec-sandbox [options] [-- COMMAND...]`; argv is what follows the program's name. The exit code. */
export async function sandboxCli(argv: readonly string[], io: SandboxIo): Promise<number> {
  // Before the parser sees it: what follows is the command's, options and all.
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? argv : argv.slice(0, dashes);
  const [file, ...args] = dashes === -1 ? [] : argv.slice(dashes + 1);
  const report = new Report(io.stderr, own.includes('--json'));
  let flags: Flags | undefined;
  try {
    flags = parseFlags(own, (text) => void io.stdout.write(text));
    if (flags === undefined) return 0;
    if (dashes !== -1 && file === undefined) throw new StartError('USAGE', 'There is no command after --.');
    if (file !== undefined && flags.json === true) {
      const hint = 'leave out --json, or the command';
      throw new StartError('USAGE', 'With a command, stdout is its own: --json has no place there.', hint);
    }
  } catch (error) {
    if (error instanceof StartError) return report.error(error);
    throw error;
  }
  const signals = new SignalInbox(io.signals);
  // Whoever reads our output may stop early; that must not end us before the clean-up.
  io.stdout.on('error', ignore);
  try {
    return await runSandbox(flags, file === undefined ? undefined : { file, args }, { io, report, signals });
  } finally {
    io.stdout.off('error', ignore);
    signals.close();
  }
}

function ignore(): void {}

interface Surroundings {
  readonly io: SandboxIo;
  readonly report: Report;
  readonly signals: SignalInbox;
}

async function runSandbox(
  flags: Flags,
  command: { readonly file: string; readonly args: readonly string[] } | undefined,
  { io, report, signals }: Surroundings,
): Promise<number> {
  let sandbox: Sandbox;
  try {
    sandbox = await start(flags, report);
  } catch (error) {
    return report.error(startError(error, flags));
  }
  try {
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
      report.line(
        `${sandbox.endpoint} is running, bucket ${bucketName}, objects in ${sandbox.dir}; Ctrl-C ends it`,
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

async function start(flags: Flags, report: Report): Promise<Sandbox> {
  const watch = flags.verbose === true ? { onRequest: report.request.bind(report) } : {};
  const sandbox = await startSandbox({ ...flags, ...watch });
  try {
    await sandbox.createBucket(bucketName);
    return sandbox;
  } catch (error) {
    await sandbox.close();
    throw error;
  }
}

function startError(error: unknown, flags: Flags): StartError {
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const hint = 'choose another, or leave out --port';
    return new StartError('SETTING_INVALID', `Port ${flags.port} is taken.`, hint);
  }
  return new StartError('SETTING_INVALID', error instanceof Error ? error.message : String(error));
}
