import type { Command } from 'commander';
import { addOutputOptions, addSettingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, loadSettings, withClient } from '../session.ts';
import { namedBucket } from './named-bucket.ts';

const whatChanges = `
Reads the bucket's encryption, changes BlockedEncryptionTypes alone, puts it and reads it back. The default
encryption, its KMS key and the bucket key stay as they are.
Needs s3:GetEncryptionConfiguration and s3:PutEncryptionConfiguration.`;

export function addAllowSseC(bucket: Command, act: Act): void {
  addChange(bucket.command('allow-sse-c'), act, 'allowed').description(
    'let the bucket take SSE-C; AWS blocks it on buckets made since April 2026',
  );
}

export function addBlockSseC(bucket: Command, act: Act): void {
  addChange(bucket.command('block-sse-c'), act, 'blocked').description(
    'make the bucket refuse uploads with SSE-C; what is there stays readable',
  );
}

function addChange(command: Command, act: Act, wanted: 'allowed' | 'blocked'): Command {
  const name = command.name();
  addOutputOptions(addSettingOptions(command, ['target', 'identity', 'endpoint', 'region']))
    .argument('[bucket]', 'bucket (default: BUCKET_NAME)')
    .addHelpText(
      'after',
      `${whatChanges}

Examples:
  ssec bucket ${name}
  ssec bucket ${name} my-bucket -p admin`,
    );
  return command.action((bucket: string | undefined) =>
    act(command, (context) => change(context, bucket, wanted)),
  );
}

async function change(
  context: CommandContext,
  name: string | undefined,
  wanted: 'allowed' | 'blocked',
): Promise<void> {
  const { io, reporter } = context;
  const settings = await loadSettings(context, { usesKey: false });
  const bucket = namedBucket(settings, name, `bucket ${context.command.name()}`);
  await withClient(context, settings, async (client) => {
    const { allowSseC, blockSseC } = await import('../../bucket-encryption.ts');
    const request = { client, bucket, signal: io.signal };
    const state = await (wanted === 'allowed' ? allowSseC(request) : blockSseC(request));
    const unchanged =
      wanted === 'allowed' ? `"${bucket}" does not block SSE-C` : `"${bucket}" blocks SSE-C already`;
    reporter.notice(
      state.changed ? `SSE-C is ${wanted} on "${bucket}" now` : `${unchanged}; nothing was changed`,
    );
    await reporter.result(
      {
        type: wanted === 'allowed' ? 'bucket-allow-sse-c' : 'bucket-block-sse-c',
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
