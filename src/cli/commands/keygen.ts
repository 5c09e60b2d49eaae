import { resolve } from 'node:path';
import type { Command } from 'commander';
import { SsecError } from '../../errors.ts';
import { CustomerKey } from '../../keys/customer-key.ts';
import { gitWarning } from '../git-ignore.ts';
import { addOutputOptions } from '../options.ts';
import type { Act } from '../program.ts';
import type { CommandContext } from '../session.ts';

interface KeygenOptions {
  readonly env?: string | true;
  readonly output?: string;
}

export function addKeygen(program: Command, act: Act): void {
  const command = addOutputOptions(program.command('keygen'))
    .description('make a customer key: 32 random bytes')
    .option(
      '--env [file]',
      'write the key into this env file (default: .env); a key that stands there is kept',
    )
    .option('-o, --output <file>', 'write the key into a new file, readable by you alone')
    .addHelpText(
      'after',
      `
Without options the two lines that .env wants go to stdout.
Whoever loses the key loses the objects: S3 keeps no copy. Store one apart from this machine.

Examples:
  ssec keygen --env             into ./.env, where put and get find it
  ssec keygen -o backup.key     into a file of its own: ssec put FILE --key-file backup.key
  ssec keygen >> .env           the same two lines, by hand`,
    );
  command.action((options: KeygenOptions) => act(command, (context) => keygen(context, options)));
}

async function keygen(context: CommandContext, options: KeygenOptions): Promise<void> {
  const { io, reporter } = context;
  if (options.env !== undefined && options.output !== undefined) {
    throw new SsecError('USAGE', '--env and -o are two places for one key; give one.');
  }
  const key = CustomerKey.generate();
  const md5 = key.md5;
  if (options.env !== undefined) {
    const path = options.env === true ? '.env' : options.env;
    const { writeKeyToEnvFile } = await import('../../settings/env-file-key.ts');
    const { narrowed } = await writeKeyToEnvFile(resolve(io.cwd, path), path, key);
    if (narrowed) reporter.notice(`"${path}" could be read by others; now only by you`);
    await warnUnlessIgnored(context, path);
    await reporter.result({ type: 'keygen', Path: path, SSECustomerKey: null, SSECustomerKeyMD5: md5 }, path);
    return;
  }
  if (options.output !== undefined && options.output !== '-') {
    const path = options.output;
    const { writeKeyFile } = await import('../../keys/key-file.ts');
    await writeKeyFile(resolve(io.cwd, path), path, key);
    await reporter.result({ type: 'keygen', Path: path, SSECustomerKey: null, SSECustomerKeyMD5: md5 }, path);
    return;
  }
  if (io.stdout.isTTY === true) {
    reporter.warning('the key is on your screen now; ssec keygen --env or -o FILE keep it off');
  }
  const line =
    options.output === '-'
      ? key.toBase64()
      : `SSE_CUSTOMER_KEY_BASE64=${key.toBase64()}\nSSE_CUSTOMER_KEY_MD5=${md5}`;
  await reporter.result(
    { type: 'keygen', Path: null, SSECustomerKey: key.toBase64(), SSECustomerKeyMD5: md5 },
    line,
  );
}

/** A key in a repository is a key in every clone of it. */
async function warnUnlessIgnored(context: CommandContext, path: string): Promise<void> {
  const { io, reporter } = context;
  const exposed = await gitWarning(io, path);
  if (exposed !== undefined) reporter.warning(...exposed);
}
