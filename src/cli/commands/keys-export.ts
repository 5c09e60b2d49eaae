import { type Command, Option } from 'commander';
import { resolve } from 'node:path';
import { SsecError } from '../../errors.ts';
import { EXPORT_FORMS, type ExportForm, exportKey } from '../../keys/export-key.ts';
import { writeSecretFile } from '../../keys/key-file.ts';
import { gitWarning } from '../git-ignore.ts';
import { write } from '../io.ts';
import { addOutputOptions, addRingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import type { CommandContext } from '../session.ts';
import { openKeyRing } from './keys.ts';

interface ExportOptions {
  readonly for: ExportForm;
  readonly output?: string;
  readonly json?: boolean;
}

export function addKeysExport(keys: Command, act: Act): void {
  const command = addRingOptions(addOutputOptions(keys.command('export')))
    .description('write a key into a new file as another tool takes it')
    .argument('<name>', 'of the key')
    .addOption(new Option('--for <tool>', 'whose form').choices(EXPORT_FORMS).makeOptionMandatory())
    .option('-o, --output <file>', 'the new file, readable by you alone; - = stdout')
    .addHelpText(
      'after',
      `
What is written is the key itself, in clear.

Examples:
  ssec keys export 2026 --for env -o .env.2026     settings of ssec and of scripts
  ssec keys export 2026 --for aws -o 2026.bin      aws s3 cp s3://b/k k --sse-c AES256 --sse-c-key fileb://2026.bin
  ssec keys export 2026 --for rclone -o rclone.env set -a; . ./rclone.env; rclone copy ...
  ssec keys export 2026 --for curl -o headers      curl --aws-sigv4 ... -H @headers (8.10 or newer)

docs/migrating.md has the whole commands.`,
    );
  command.action((name: string, options: ExportOptions) =>
    act(command, (context) => exportOne(context, name, options)),
  );
}

async function exportOne(context: CommandContext, name: string, options: ExportOptions): Promise<void> {
  const { io, reporter } = context;
  const { output, for: form } = options;
  if (output === undefined) {
    throw new SsecError('USAGE', 'Say where the key is to go.', {
      hints: ['into a new file: -o FILE', 'or to stdout: -o -'],
    });
  }
  if (output === '-' && options.json === true)
    throw new SsecError('USAGE', '-o - and --json both want stdout; give one.');
  if (output === '-' && form === 'aws' && io.stdout.isTTY === true) {
    throw new SsecError('USAGE', 'The form for aws is 32 raw bytes, which are not for a terminal.', {
      hints: ['into a new file: -o FILE'],
    });
  }
  const ring = await openKeyRing(context);
  const key = ring.find(name).customerKey;
  const content = exportKey(key, form);
  if (output === '-') {
    await write(io.stdout, content);
    return;
  }
  await writeSecretFile(resolve(io.cwd, output), output, content);
  const exposed = await gitWarning(io, output);
  if (exposed !== undefined) reporter.warning(...exposed);
  await reporter.result(
    { type: 'keys-export', KeyName: name, For: form, Path: output, SSECustomerKeyMD5: key.md5 },
    output,
  );
}
