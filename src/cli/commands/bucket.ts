import type { Command } from 'commander';
import { SsecError } from '../../errors.ts';
import { addOutputOptions, addSettingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, bucketOf, loadSettings, withClient } from '../session.ts';

export function addBucket(program: Command, act: Act): void {
  const bucket = program
    .command('bucket')
    .description('what a bucket says about SSE-C')
    .addHelpText(
      'after',
      `
Examples:
  ssec bucket allow-sse-c
  ssec bucket allow-sse-c --help`,
    );
  const allow = addOutputOptions(
    addSettingOptions(bucket.command('allow-sse-c'), ['target', 'identity', 'endpoint', 'region']),
  )
    .description('let the bucket take SSE-C; AWS blocks it on buckets made since April 2026')
    .argument('[bucket]', 'bucket (default: BUCKET_NAME)')
    .addHelpText(
      'after',
      `
Reads the bucket's encryption, changes BlockedEncryptionTypes alone, puts it and reads it back. The default
encryption, its KMS key and the bucket key stay as they are.
Needs s3:GetEncryptionConfiguration and s3:PutEncryptionConfiguration.

Examples:
  ssec bucket allow-sse-c
  ssec bucket allow-sse-c my-bucket -p admin`,
    );
  allow.action((name: string | undefined) => act(allow, (context) => allowSseC(context, name)));
}

async function allowSseC(context: CommandContext, name: string | undefined): Promise<void> {
  const { io, reporter } = context;
  const settings = await loadSettings(context, { usesKey: false });
  const argument = name?.replace(/^s3:\/\/([^/]*)\/?$/, '$1');
  if (
    argument !== undefined &&
    settings.bucket?.origin.layer === 'flag' &&
    settings.bucket.value !== argument
  ) {
    throw new SsecError('USAGE', `-b names another bucket than "${argument}"; give one.`);
  }
  const bucket = bucketOf(settings, argument);
  await withClient(context, settings, async (client) => {
    const library = await import('../../bucket-encryption.ts');
    const state = await library.allowSseC({ client, bucket, signal: io.signal });
    reporter.notice(
      state.changed
        ? `SSE-C is allowed on "${bucket}" now`
        : `"${bucket}" does not block SSE-C; nothing was changed`,
    );
    await reporter.result(
      {
        type: 'bucket-allow-sse-c',
        Bucket: bucket,
        Changed: state.changed,
        ...reporter.redactor.strikeMembers({
          BlockedEncryptionTypes: state.blockedEncryptionTypes,
          SSEAlgorithm: state.sseAlgorithm ?? null,
          KMSMasterKeyID: state.kmsMasterKeyId ?? null,
          BucketKeyEnabled: state.bucketKeyEnabled ?? null,
        }),
      },
      bucket,
    );
  });
}
