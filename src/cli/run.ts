import { type Command, CommanderError } from 'commander';
import { SsecError } from '../errors.ts';
import { runSandbox } from './commands/sandbox.ts';
import { withCarriedFlags } from './carried-flags.ts';
import { exitCodeOf } from './exit-codes.ts';
import { followHelp } from './help-words.ts';
import { type Io, write } from './io.ts';
import { outputOptions } from './options.ts';
import { createReporter } from './output/create-reporter.ts';
import { helpColumns, layOutHelp, wrapParagraphs } from './output/help-layout.ts';
import type { OutputOptions } from './output/reporter.ts';
import { meantBy } from './other-words.ts';
import { createProgram } from './program.ts';
import { asSsecError } from './report-error.ts';
import { readVersion } from './version.ts';

/** For whoever typed `ssec` and nothing else. */
const SHORT_HELP = `Usage: ssec <command> [options]

  ssec keygen --env       make a key and write it into .env
  ssec put FILE           upload a file, encrypted with that key
  ssec get NAME           download it into tmp/ and print where

All commands: ssec --help
`;

/**
 * The whole command line: parses, acts, reports. Never throws and never ends the process.
 *
 * @param argv arguments without node and script
 * @returns the exit code
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  // its COMMAND is not ours to parse
  if (argv[0] === 'sandbox') return runSandbox(argv.slice(1), io);
  let acted: OutputOptions | undefined;
  let text = '';
  let refusedBy: Command | undefined;
  const program = createProgram(async (command, action) => {
    acted = outputOptions(command);
    const reporter = createReporter(io, acted);
    try {
      await action({ io, command, reporter });
    } catch (error) {
      throw new ActionFailed(() => {
        const failure = withCarriedFlags(asSsecError(error, io.signal), command);
        if (exitCodeOf(failure) !== 141) reporter.error(failure);
        return exitCodeOf(failure);
      });
    }
  });
  prepare(program, io, {
    print: (out) => {
      text += out;
    },
    refuse: (command) => {
      refusedBy = command;
    },
  });
  try {
    refuseKeyMaterial(argv);
    if (argv[0] === '--version' || argv[0] === '-V') {
      await write(io.stdout, `${await readVersion(io)}\n`);
      return 0;
    }
    if (argv.length === 0) {
      await write(io.stderr, SHORT_HELP);
      return 2;
    }
    const words = followHelp(argv, program);
    // its own help has more to say than the list of commands
    if (words[0] === 'sandbox') return await runSandbox(words.slice(1), io);
    await program.parseAsync([...words], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof ActionFailed) return error.report();
    const reporter = createReporter(io, acted ?? guessOutputOptions(argv));
    let failure: SsecError;
    if (error instanceof CommanderError && error.exitCode === 0) {
      const failed = await write(io.stdout, wrapParagraphs(text, helpColumns(io))).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      if (failed === undefined) return 0;
      failure = asSsecError(failed, io.signal);
    } else {
      failure =
        error instanceof CommanderError
          ? usageError(error, argv, refusedBy ?? program)
          : asSsecError(error, io.signal);
    }
    if (exitCodeOf(failure) !== 141) reporter.error(failure);
    return exitCodeOf(failure);
  }
}

/** Carries an action's failure past commander, together with the reporter that the action had. */
class ActionFailed extends Error {
  readonly report: () => number;

  constructor(report: () => number) {
    super('action failed');
    this.report = report;
  }
}

interface ParserEvents {
  readonly print: (text: string) => void;
  /** Which command did not understand its arguments. */
  readonly refuse: (command: Command) => void;
}

/** commander throws instead of exiting, and prints nothing by itself. */
function prepare(command: Command, io: Io, events: ParserEvents): void {
  command.exitOverride((error) => {
    events.refuse(command);
    throw error;
  });
  command.configureOutput({
    writeOut: events.print,
    writeErr: events.print,
    outputError: () => undefined,
    // whether it has colour is settled by then
    stripColor: (text) => text,
  });
  layOutHelp(command, io);
  for (const child of command.commands) prepare(child, io, events);
}

/**
 * What looks like a customer key has no place in arguments: they show in `ps`, in the shell's history and, as an
 * object's name, in the server's logs.
 */
function refuseKeyMaterial(argv: readonly string[]): void {
  const isKey = (word: string): boolean =>
    /^[A-Za-z0-9+/]{43}=$/.test(word) && Buffer.from(word, 'base64').toString('base64') === word;
  const words = argv
    // metadata may hold a checksum, which is as long
    .filter((word, i) => !word.startsWith('--metadata') && argv[i - 1] !== '--metadata')
    .flatMap((word) => [word, word.slice(word.indexOf('=') + 1), word.replace(/^s3:\/\/[^/]*\//, '')]);
  if (!words.some(isKey)) return;
  throw new SsecError(
    'USAGE',
    'An argument looks like a customer key, and arguments can be read by others.',
    {
      hints: ['put the key into a file: --key-file FILE, or into SSE_CUSTOMER_KEY_BASE64'],
    },
  );
}

/** @param refusedBy the command that did not understand its arguments */
function usageError(error: CommanderError, argv: readonly string[], refusedBy: Command): SsecError {
  if (error.code === 'commander.help') {
    const name = nameOf(refusedBy);
    return new SsecError('USAGE', `${name} needs a command.`, { hints: [`${name} --help`] });
  }
  const { sentence, suggestions: near } = commanderWords(error.message);
  const meant = meantBy(error);
  const suggestions = meant.length > 0 ? meant : near;
  const misplaced = refusedBy.parent === null && argv[0]?.startsWith('-') === true;
  const known = (word: string): boolean => refusedBy.commands.some((command) => command.name() === word);
  const behind = misplaced ? argv.find(known) : undefined;
  const name = behind === undefined ? nameOf(refusedBy) : `ssec ${behind}`;
  return new SsecError('USAGE', sentence, {
    hints: [
      ...suggestions,
      ...(behind === undefined ? [] : [`options go behind the command: ${name} ${argv[0] ?? ''}`]),
      `${name} --help`,
    ],
    cause: error,
  });
}

/** `ssec bucket show` */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}

/** commander's `error: ...`, and the `(Did you mean ...?)` under it. */
function commanderWords(message: string): { sentence: string; suggestions: string[] } {
  const [, text = message, suggestion] =
    /^(.*?)(?:\n\((Did you mean .*)\))?$/s.exec(message.replace(/^error: /, '')) ?? [];
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return {
    sentence: /[.!?]$/.test(sentence) ? sentence : `${sentence}.`,
    suggestions: suggestion === undefined ? [] : [suggestion],
  };
}

/** Before commander has parsed, or where it could not. */
function guessOutputOptions(argv: readonly string[]): OutputOptions {
  return { json: argv.includes('--json'), quiet: false, verbose: false };
}
