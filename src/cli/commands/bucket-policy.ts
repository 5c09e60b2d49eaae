import type { Command } from 'commander';
import { shellWord } from '../../shell-word.ts';
import { addOutputOptions, addSettingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, loadSettings } from '../session.ts';
import { namedBucket } from './named-bucket.ts';

export function addBucketPolicy(bucket: Command, act: Act): void {
  const command = addOutputOptions(addSettingOptions(bucket.command('policy'), ['target', 'region']))
    .description('print a bucket policy that demands SSE-C, or forbids it; nothing is sent')
    .argument('[bucket]', 'bucket (default: BUCKET_NAME)')
    .option('--forbid', 'refuse every upload with a customer key; without it: every upload that has none')
    .addHelpText(
      'after',
      `
It concerns uploads alone: whoever reads an object needs its key anyway. A bucket has one policy: where it has
one already, add the statement to it.

Examples:
  ssec bucket policy my-bucket > policy.json
  aws s3api put-bucket-policy --bucket my-bucket --policy file://policy.json`,
    );
  command.action((name: string | undefined) => act(command, (context) => printPolicy(context, name)));
}

async function printPolicy(context: CommandContext, name: string | undefined): Promise<void> {
  const { command, reporter } = context;
  const settings = await loadSettings(context, { usesKey: false });
  const bucket = namedBucket(settings, name, `bucket ${context.command.name()}`);
  const { sseCPolicy } = await import('../../sse-c-policy.ts');
  const rule = command.getOptionValue('forbid') === true ? 'forbid' : 'demand';
  // other servers know one partition, whatever they call their regions
  const region = settings.endpoint === undefined ? settings.region.value : '';
  const policy = sseCPolicy({ bucket, rule, region });
  await reporter.result(
    () => ({ type: 'bucket-policy', Bucket: bucket, Rule: rule, Policy: JSON.parse(policy) as unknown }),
    policy,
  );
  if (settings.endpoint !== undefined) {
    reporter.warning(
      'Servers other than AWS may not know this condition; Ceph RGW 16 refuses every upload under it.',
      'try it on a bucket of no value first',
    );
  }
  reporter.notice(
    `nothing was changed; to apply it: aws s3api put-bucket-policy --bucket ${shellWord(bucket)} --policy file://policy.json`,
  );
  reporter.notice('a policy that the bucket has already would be replaced: see ssec bucket show');
}
