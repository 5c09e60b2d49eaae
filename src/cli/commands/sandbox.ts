import { type Command, Option } from 'commander';
import { SsecError } from '../../errors.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Io, SandboxModule } from '../io.ts';
import { RepeatableOption } from '../repeatable-option.ts';
import { createReporter } from '../output/create-reporter.ts';

/**
 * For the list of commands and for completion: `run` hands its arguments on before commander sees them. The options are
 * those of the package, which need not be installed.
 */
export function addSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('a local S3 that does SSE-C, to try things (package ssec-sandbox)')
    .argument('[command...]', 'run this with the settings of the sandbox: ssec sandbox -- COMMAND')
    .option('--dir <dir>', 'keep the objects in this folder (default: a temporary one, removed at the end)')
    .option('--port <number>', 'listen on this port of 127.0.0.1 (default: any free one)')
    .option('--block-sse-c', 'new buckets block SSE-C, as on AWS since April 2026')
    .addOption(
      new RepeatableOption('--fault <fault>', 'what is to go wrong, as in "fail UploadPart 503 SlowDown x2"'),
    )
    .addOption(
      new Option(
        '--copies <how>',
        "copies with customer keys: 501, or stored plain as if the target's key were not there",
      ).choices(['refuse', 'ignore']),
    )
    .addOption(
      new Option('--attributes <how>', 'GetObjectAttributes: 501, or the object itself').choices([
        'refuse',
        'ignore',
      ]),
    )
    .option('--json', 'without COMMAND: print one JSON object instead of shell exports')
    .option('-q, --quiet', 'print nothing on stderr but errors')
    .option('-v, --verbose', 'show each request on stderr')
    .option('--version', 'output the version number')
    .helpOption('-h, --help', 'display help for command');
}

export async function runSandbox(argv: readonly string[], io: Io): Promise<number> {
  let module: SandboxModule;
  try {
    module = await io.loadSandbox();
  } catch (cause) {
    const error = new SsecError(
      'NOT_SUPPORTED',
      'The sandbox is a package of its own, and it is not installed here.',
      {
        hints: [`npx ssec-sandbox ${argv.join(' ') || '-- COMMAND'}`],
        cause,
      },
    );
    createReporter(io, { json: isJson(argv), quiet: false, verbose: false }).error(error);
    return exitCodeOf(error);
  }
  const { env, stdin, stdout, stderr, signals } = io;
  return module.sandboxCli([...argv], { env, stdin, stdout, stderr, signals });
}

/** Whether `--json` is ours, and not the command's. */
function isJson(argv: readonly string[]): boolean {
  const dashes = argv.indexOf('--');
  return (dashes === -1 ? argv : argv.slice(0, dashes)).includes('--json');
}
