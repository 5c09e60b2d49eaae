import type { Command } from 'commander';
import { addKeyFormat, addOutputOptions, addSettingOptions } from '../options.ts';
import type { Act } from '../program.ts';

export interface LsOptions {
  readonly json?: boolean;
  readonly recursive?: boolean;
  readonly humanReadable?: boolean;
  readonly long?: boolean;
  readonly versions?: boolean;
  readonly summary?: boolean;
  readonly unknown?: boolean;
  /** Here a filter, and no choice of the key to use. */
  readonly keyName?: string;
}

export function addLs(program: Command, act: Act): void {
  const command = program
    .command('ls')
    .description('list objects, and under which of your keys they are')
    .argument('[prefix]', 'only objects whose keys begin so, or s3://bucket/prefix')
    .optionsGroup('Listing:')
    .option('-r, --recursive', 'everything below, and no folders')
    .option('-l, --long', 'how each object is encrypted, and under which key')
    .option('-H, --human-readable', 'sizes as KiB, MiB, GiB')
    .option('--versions', 'every version, and delete markers')
    .option('--summary', 'objects and bytes of each key, everything below (the list itself with --long)')
    .option('--unknown', 'only objects under a customer key that is none of yours, everything below')
    .option('--key-name <name>', 'only objects under that key of the key ring, everything below')
    .addHelpText(
      'after',
      `
One line an object: time, size in bytes, key; "PRE" marks what keys have in common up to the next slash.
A listing does not tell how an object is encrypted: --long, --summary, --unknown and --key-name ask for every
object by itself, with each key of the ring until one fits. They show "SSE-C NAME" for a key of the ring,
"SSE-C (given)" for the one that the settings give, "SSE-C ?" for another, "?" where the object may not be read.
Permissions: s3:ListBucket (s3:ListBucketVersions with --versions); to ask for the encryption s3:GetObject
(s3:GetObjectVersion), and for objects under SSE-KMS kms:Decrypt.

Examples:
  ssec ls                           the top of BUCKET_NAME
  ssec ls photos/ -l                a folder, and which key each object is under
  ssec ls s3://other/2026/ -r -H
  ssec ls --summary --versions      what is still under a retired key
  ssec ls --key-name 2025 --json | jq -r .Key`,
    );
  addSettingOptions(command, ['target', 'key', 'identity', 'endpoint', 'region'], ['keyName']);
  addOutputOptions(addKeyFormat(command));
  command.action((prefix: string | undefined, options: LsOptions) =>
    act(command, async (context) => {
      const { runListing } = await import('../listing/run-listing.ts');
      return runListing(context, prefix, options);
    }),
  );
}
