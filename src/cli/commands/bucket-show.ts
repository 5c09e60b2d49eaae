import type { Command } from 'commander';
import type { BucketEncryption } from '../../bucket-encryption.ts';
import type { BucketAnswer, UnfinishedUploadRule } from '../../bucket-inspection.ts';
import type { SseCStatement } from '../../bucket-policy.ts';
import { SsecError } from '../../errors.ts';
import { addOutputOptions, addSettingOptions } from '../options.ts';
import { describeStatement } from '../output/policy-wording.ts';
import type { Act } from '../program.ts';
import { type CommandContext, loadSettings, withClient } from '../session.ts';
import { namedBucket } from './named-bucket.ts';

export function addBucketShow(bucket: Command, act: Act): void {
  const command = addOutputOptions(
    addSettingOptions(bucket.command('show'), ['target', 'identity', 'endpoint', 'region']),
  )
    .description('show what decides about SSE-C in a bucket: encryption, block, policy, versions, lifecycle')
    .argument('[bucket]', 'bucket (default: BUCKET_NAME)')
    .addHelpText(
      'after',
      `
What you may not read, or the server does not know, is shown as such; the rest is shown all the same.
Reads with s3:GetEncryptionConfiguration, s3:GetBucketVersioning, s3:GetBucketPolicy,
s3:GetLifecycleConfiguration, and s3:ListBucket or s3:GetBucketLocation for the region.

Examples:
  ssec bucket show
  ssec bucket show my-bucket --json`,
    );
  command.action((name: string | undefined) => act(command, (context) => show(context, name)));
}

/** Every answer, under its name in the JSON. */
interface Answers {
  readonly Region: BucketAnswer<string>;
  readonly Encryption: BucketAnswer<BucketEncryption>;
  readonly Versioning: BucketAnswer<'Enabled' | 'Suspended' | 'Off'>;
  readonly Policy: BucketAnswer<readonly SseCStatement[] | undefined>;
  readonly Lifecycle: BucketAnswer<readonly UnfinishedUploadRule[]>;
}

async function show(context: CommandContext, name: string | undefined): Promise<void> {
  const { io, reporter } = context;
  const settings = await loadSettings(context, { usesKey: false });
  const bucket = namedBucket(settings, name, `bucket ${context.command.name()}`);
  await withClient(context, settings, async (client) => {
    const library = await import('../../bucket-inspection.ts');
    const { findSseCStatements } = await import('../../bucket-policy.ts');
    const question = { client, bucket, signal: io.signal };
    // first by itself: where the bucket is elsewhere, the others are asked there at once
    const Region = await library.bucketRegion(question);
    const [Encryption, Versioning, policy, Lifecycle] = await Promise.all([
      library.bucketEncryption(question),
      library.bucketVersioning(question),
      library.bucketPolicy(question),
      library.unfinishedUploadRules(question),
    ]);
    const Policy: Answers['Policy'] = policy.known
      ? { known: true, value: policy.value === undefined ? undefined : findSseCStatements(policy.value) }
      : policy;
    const answers: Answers = { Region, Encryption, Versioning, Policy, Lifecycle };
    requireSome(answers, bucket);
    const lines = describe(answers).map(
      ([what, said]) => `${what.padEnd(20)}${reporter.redactor.clean(said)}`,
    );
    await reporter.result(
      { type: 'bucket-show', Bucket: bucket, ...reporter.redactor.strikeMembers(recordOf(answers)) },
      lines.join('\n'),
    );
  });
}

/** Where nothing could be learned, that is the failure: the bucket is not there, the server is not reached. */
function requireSome(answers: Answers, bucket: string): void {
  const unknown = Object.values(answers).flatMap((answer: BucketAnswer<unknown>) =>
    answer.known ? [] : [answer.why],
  );
  if (unknown.length < Object.keys(answers).length) return;
  // the first one is a HEAD's, whose refusals have no reason
  const failure = unknown.findLast((why) => why instanceof SsecError);
  if (failure !== undefined) throw failure;
  throw unknown.includes('denied')
    ? new SsecError('ACCESS_DENIED', `You may read nothing of the bucket "${bucket}".`, {
        hints: ['ask for s3:GetEncryptionConfiguration and s3:GetBucketPolicy'],
      })
    : new SsecError('NOT_SUPPORTED', `The server tells nothing of the bucket "${bucket}".`);
}

function describe(answers: Answers): (readonly [what: string, said: string])[] {
  const { Region, Encryption, Versioning, Policy, Lifecycle } = answers;
  return [
    ['region', say(Region, (region) => region, 's3:ListBucket or s3:GetBucketLocation')],
    ...describeEncryption(Encryption),
    ['versioning', say(Versioning, (state) => state.toLowerCase(), 's3:GetBucketVersioning')],
    ['policy', say(Policy, sayPolicy, 's3:GetBucketPolicy')],
    ['unfinished uploads', say(Lifecycle, sayRules, 's3:GetLifecycleConfiguration')],
  ];
}

function describeEncryption(answer: Answers['Encryption']): [string, string][] {
  const permission = 's3:GetEncryptionConfiguration';
  return [
    ['SSE-C', say(answer, sayBlock, permission)],
    ['default encryption', say(answer, ({ sseAlgorithm }) => sseAlgorithm ?? 'none', permission)],
    ['KMS key', say(answer, ({ kmsMasterKeyId }) => kmsMasterKeyId ?? 'none', permission)],
    [
      'bucket key',
      say(answer, ({ bucketKeyEnabled }) => (bucketKeyEnabled === true ? 'on' : 'off'), permission),
    ],
  ];
}

function say<T>(answer: BucketAnswer<T>, describeValue: (value: T) => string, permission: string): string {
  if (answer.known) return describeValue(answer.value);
  if (answer.why === 'denied') return `unknown: you may not read it (${permission})`;
  return answer.why === 'unsupported'
    ? 'unknown: the server does not say'
    : `unknown: ${answer.why.message.replace(/\.$/, '')}`;
}

function sayBlock({ blockedEncryptionTypes }: BucketEncryption): string {
  if (blockedEncryptionTypes.includes('SSE-C')) return 'blocked';
  return blockedEncryptionTypes.length > 0 ? 'allowed' : 'the server does not say';
}

function sayPolicy(statements: readonly SseCStatement[] | undefined): string {
  if (statements === undefined) return 'none';
  if (statements.length === 0) return 'says nothing of SSE-C';
  return statements.map(describeStatement).join('; ');
}

function sayRules(rules: readonly UnfinishedUploadRule[]): string {
  if (rules.length === 0) return 'kept until somebody aborts them: no lifecycle rule';
  return rules
    .map(({ days, prefix, partly }) => {
      const where = prefix === '' ? '' : ` under "${prefix}"`;
      return `aborted after ${days} ${days === 1 ? 'day' : 'days'}${where}${partly ? ', in part' : ''}`;
    })
    .join('; ');
}

function recordOf(answers: Answers): Record<string, unknown> {
  const { Region, Encryption, Versioning, Policy, Lifecycle } = answers;
  const encryption = valueOf(Encryption);
  return {
    Region: valueOf(Region) ?? null,
    BlockedEncryptionTypes: encryption?.blockedEncryptionTypes ?? null,
    SSEAlgorithm: encryption?.sseAlgorithm ?? null,
    KMSMasterKeyID: encryption?.kmsMasterKeyId ?? null,
    BucketKeyEnabled: encryption?.bucketKeyEnabled ?? null,
    Versioning: valueOf(Versioning) ?? null,
    PolicyStatements: Policy.known
      ? (Policy.value ?? []).map(({ Sid, Effect, kind, partly }) => ({
          Sid: Sid ?? null,
          Effect,
          Kind: kind,
          Partly: partly,
        }))
      : null,
    UnfinishedUploadRules:
      valueOf(Lifecycle)?.map(({ prefix, days, partly }) => ({
        Prefix: prefix,
        DaysAfterInitiation: days,
        Partly: partly,
      })) ?? null,
    Unknown: Object.fromEntries(
      Object.entries(answers).flatMap(([what, answer]: [string, BucketAnswer<unknown>]) =>
        answer.known ? [] : [[what, answer.why instanceof SsecError ? answer.why.code : answer.why]],
      ),
    ),
  };
}

function valueOf<T>(answer: BucketAnswer<T>): T | undefined {
  return answer.known ? answer.value : undefined;
}
