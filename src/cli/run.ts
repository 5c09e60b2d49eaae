import { readFile } from 'node:fs/promises';
import { type Command, CommanderError } from 'commander';
import { SsecError } from '../errors.ts';
import { runSandbox } from './commands/sandbox.ts';
import { exitCodeOf } from './exit-codes.ts';
import { type Io, write } from './io.ts';
import { outputOptions } from './options.ts';
import { createReporter } from './output/create-reporter.ts';
import type { OutputOptions } from './output/reporter.ts';
import { createProgram } from './program.ts';
import { asSsecError } from './report-error.ts';

/**
 * The whole command line: parses, acts, reports. Never throws and never ends the process.
 *
 * @param argv arguments without node and script
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  // its COMMAND is not ours to parse
  if (argv[0] === 'sandbox') return runSandbox(argv.slice(1), io);
  const streams = { stdout: io.stdout, stderr: io.stderr };
  let acted: OutputOptions | undefined;
  let text = '';
  const program = createProgram(async (command, action) => {
    acted = outputOptions(command);
    const reporter = createReporter(streams, acted);
    try {
      await orInterrupted(action({ io, command, reporter }), io.signal);
    } catch (error) {
      throw new ActionFailed(() => {
        const failure = asSsecError(error, io.signal);
        if (exitCodeOf(failure) !== 141) reporter.error(failure);
        return exitCodeOf(failure);
      });
    }
  });
  prepare(program, (out) => {
    text += out;
  });
  try {
    if (argv[0] === '--version' || argv[0] === '-V') {
      await write(io.stdout, `${await readVersion(io)}\n`);
      return 0;
    }
    if (argv.length === 0) {
      await write(io.stderr, program.helpInformation());
      return 2;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof ActionFailed) return error.report();
    if (error instanceof CommanderError && error.exitCode === 0) {
      await write(io.stdout, text).catch(() => undefined);
      return 0;
    }
    const reporter = createReporter(streams, acted ?? guessOutputOptions(argv));
    const failure =
      error instanceof CommanderError ? usageError(error, argv, program) : asSsecError(error, io.signal);
    if (exitCodeOf(failure) !== 141) reporter.error(failure);
    return exitCodeOf(failure);
  }
}

/** How long an interrupted action has for its clean-up (milliseconds). */
const GRACE_MS = 1000;

/**
 * An action, or the interruption where it came and the action does not end by itself: it may wait for what never
 * comes, as the other end of a pipe.
 */
function orInterrupted(action: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      timer = setTimeout(() => failed(signal.reason), GRACE_MS);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    action.then(done, failed).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}

/** Carries an action's failure past commander, together with the reporter that the action had. */
class ActionFailed extends Error {
  readonly report: () => number;

  constructor(report: () => number) {
    super('action failed');
    this.report = report;
  }
}

/** commander throws instead of exiting, and prints nothing by itself. */
function prepare(command: Command, collect: (text: string) => void): void {
  command.exitOverride();
  command.configureOutput({ writeOut: collect, writeErr: collect, outputError: () => undefined });
  command.configureHelp({ showGlobalOptions: false });
  for (const child of command.commands) prepare(child, collect);
}

function usageError(error: CommanderError, argv: readonly string[], program: Command): SsecError {
  if (error.code === 'commander.help') {
    return new SsecError('USAGE', `ssec ${argv.join(' ')} needs a command.`, {
      hints: [`ssec ${argv.join(' ')} --help`],
    });
  }
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const sentence = first.charAt(0).toUpperCase() + first.slice(1);
  const suggestion = rest.map((line) => line.replace(/^\((.*)\)$/, '$1')).filter((line) => line !== '');
  const name = argv.find((word) => !word.startsWith('-')) ?? '';
  const known = program.commands.some((command) => command.name() === name) ? ` ${name}` : '';
  return new SsecError('USAGE', /[.!?]$/.test(sentence) ? sentence : `${sentence}.`, {
    hints: [...suggestion, `ssec${known} --help`],
    cause: error,
  });
}

/** Before commander has parsed, or where it could not. */
function guessOutputOptions(argv: readonly string[]): OutputOptions {
  return { json: argv.includes('--json'), quiet: false, verbose: false };
}

async function readVersion(io: Io): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(io.packageFile, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '?';
}
