import type { Command } from 'commander';
import { SsecError } from '../../errors.ts';
import { exitCodeOf } from '../exit-codes.ts';
import type { Io, SandboxModule } from '../io.ts';
import { createReporter } from '../output/create-reporter.ts';

/** For the list of commands only: `run` hands its arguments on before commander sees them. */
export function addSandbox(program: Command): void {
  program
    .command('sandbox')
    .description('a local S3 that does SSE-C, to try things (package ssec-sandbox)')
    .argument('[command...]', 'run this with the settings of the sandbox: ssec sandbox -- COMMAND')
    .helpOption(false);
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
