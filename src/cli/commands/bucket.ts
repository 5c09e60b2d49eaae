import type { Command } from 'commander';
import type { Act } from '../program.ts';
import { addAllowSseC, addBlockSseC } from './bucket-change.ts';
import { addBucketPolicy } from './bucket-policy.ts';
import { addBucketShow } from './bucket-show.ts';

export function addBucket(program: Command, act: Act): void {
  const bucket = program
    .command('bucket')
    .description('what a bucket says about SSE-C, and how to change it')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText(
      'after',
      `
Examples:
  ssec bucket show
  ssec bucket allow-sse-c my-bucket -p admin
  ssec bucket allow-sse-c --help`,
    );
  addBucketShow(bucket, act);
  addAllowSseC(bucket, act);
  addBlockSseC(bucket, act);
  addBucketPolicy(bucket, act);
}
