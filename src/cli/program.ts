import { Command } from 'commander';
import { addBucket } from './commands/bucket.ts';
import { addCompletion } from './commands/completion.ts';
import { addDoctor } from './commands/doctor.ts';
import { addGet } from './commands/get.ts';
import { addKeygen } from './commands/keygen.ts';
import { addKeys } from './commands/keys.ts';
import { addLs } from './commands/ls.ts';
import { addPresign } from './commands/presign.ts';
import { addPut } from './commands/put.ts';
import { addRekey } from './commands/rekey.ts';
import { addRm } from './commands/rm.ts';
import { addSandbox } from './commands/sandbox.ts';
import { addStat } from './commands/stat.ts';
import { addUploads } from './commands/uploads.ts';
import { addVerify } from './commands/verify.ts';
import type { CommandContext } from './session.ts';

/** Runs a command's action with what it needs, and is told how it ended. */
export type Act = (command: Command, action: (context: CommandContext) => Promise<void>) => Promise<void>;

/** The command tree. Declaring it loads nothing heavy: actions import what they need. */
export function createProgram(act: Act): Command {
  const program = new Command('ssec');
  program
    .description('Upload to and download from S3 under your own encryption keys (SSE-C).')
    // a command with commands of its own has options, and these have theirs
    .enablePositionalOptions()
    .usage('<command> [options]')
    // what stands behind a command is that command's own
    .enablePositionalOptions()
    .option('-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText(
      'after',
      `
Settings come from flags, else the environment, else ./.env:
  BUCKET_NAME, KEY, SSE_CUSTOMER_KEY_BASE64, SSE_CUSTOMER_KEY_MD5, PROFILE

Examples:
  ssec keygen --env          make a key and write it into .env
  ssec put sample.jpg        upload it, encrypted with that key
  ssec get sample.jpg        download it into tmp/ and print where
  ssec ls --long             what is there, and under which key
  ssec bucket allow-sse-c    let a bucket made since April 2026 take SSE-C
`,
    );
  program.commandsGroup('Objects:');
  addPut(program, act);
  addGet(program, act);
  addLs(program, act);
  addStat(program, act);
  addVerify(program, act);
  addRm(program, act);
  addRekey(program, act);
  addPresign(program, act);
  addUploads(program, act);
  program.commandsGroup('Keys:');
  addKeygen(program, act);
  addKeys(program, act);
  program.commandsGroup('Buckets:');
  addBucket(program, act);
  program.commandsGroup('Help and setup:');
  addDoctor(program, act);
  addSandbox(program);
  addCompletion(program, act);
  program.helpCommand('help [command...]', 'show the help of a command');
  return program;
}
