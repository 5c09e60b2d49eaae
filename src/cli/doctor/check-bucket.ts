import { type BucketEncryption, blocksSseC } from '../../bucket-encryption.ts';
import {
  type BucketAnswer,
  type UnfinishedUploadRule,
  bucketEncryption,
  bucketPolicy,
  bucketRegion,
  bucketVersioning,
  unfinishedUploadRules,
} from '../../bucket-inspection.ts';
import { mayList } from '../../bucket-listing.ts';
import { findSseCStatements } from '../../bucket-policy.ts';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { blocked } from '../../service-error.ts';
import { type Setting, describeOrigin } from '../../settings/setting-layers.ts';
import { shellWord } from '../../shell-word.ts';
import { describeStatement } from '../output/policy-wording.ts';
import { asSsecError } from '../report-error.ts';
import type { CommandContext } from '../session.ts';
import type { Check, Examination } from './examination.ts';

interface BucketToCheck {
  readonly bucket: string;
  readonly prefix: string;
  /** As it is set. */
  readonly region: Setting;
}

/** What the bucket says of itself, as far as the credentials may ask. */
export async function checkBucket(
  report: Examination,
  { io }: CommandContext,
  client: SsecClient,
  target: BucketToCheck,
): Promise<{ readonly isThere: boolean; readonly isBlocked: boolean }> {
  const { bucket, prefix } = target;
  const question = { client, bucket, signal: io.signal };
  let isListed: boolean;
  try {
    isListed = await mayList(question, prefix);
    await checkListing(report, bucket, isListed);
  } catch (error) {
    if (io.signal.aborted) throw error;
    await report.failure('bucket', asSsecError(error, io.signal));
    return { isThere: false, isBlocked: false };
  }
  try {
    const region = await bucketRegion(question);
    await checkRegion(report, client, target, region);
    const encryption = await bucketEncryption(question);
    await checkEncryption(report, bucket, encryption);
    const policy = await bucketPolicy(question);
    await checkPolicy(report, policy);
    const versioning = await bucketVersioning(question);
    await checkVersioning(report, versioning);
    const lifecycle = await unfinishedUploadRules(question);
    await checkLifecycle(report, bucket, lifecycle);
    const isKnown = [region, encryption, policy, versioning, lifecycle].some(({ known }) => known);
    // whoever may not list it learns of it by the other answers, or not at all
    if (!isListed && isKnown) await report.ok('bucket', `there is a bucket "${bucket}"`);
    else if (!isListed)
      await report.unknown('bucket', `whether there is a bucket "${bucket}" could not be asked`);
    return { isThere: true, isBlocked: encryption.known && blocksSseC(encryption.value) };
  } catch (error) {
    if (io.signal.aborted) throw error;
    await report.failure('bucket', asSsecError(error, io.signal));
    return { isThere: false, isBlocked: false };
  }
}

async function checkListing(report: Examination, bucket: string, isListed: boolean): Promise<void> {
  if (isListed) {
    await report.ok('bucket', `there is a bucket "${bucket}"`);
    await report.ok('list', 'its objects may be listed');
    return;
  }
  await report.unknown(
    'list',
    'its objects may not be listed: an object that is not there looks like one that may not be read',
    'ask for s3:ListBucket',
  );
}

/** The client has followed the bucket to its region by now. */
async function checkRegion(
  report: Examination,
  client: SsecClient,
  { region }: BucketToCheck,
  answer: BucketAnswer<string>,
): Promise<void> {
  const actual = answer.known ? answer.value : client.region;
  if (actual === region.value) {
    if (answer.known) await report.ok('region', `it lies in ${actual}, as is set`);
    else
      await tellUnknown(report, 'region', 'which region it lies in', answer.why, {
        permission: 's3:ListBucket or s3:GetBucketLocation',
      });
    return;
  }
  if (client.region === region.value) {
    // where there is one region, what it is called matters to nobody
    await report.ok(
      'region',
      `the server calls its region "${actual}", and takes requests for ${region.value}`,
    );
    return;
  }
  const where =
    region.origin.layer === 'default'
      ? 'no region is set'
      : `${describeOrigin(region.origin)} is ${region.value}`;
  await report.warning(
    'region',
    `the bucket lies in ${actual}, and ${where}: each run loses a request by that`,
    `set it: AWS_REGION=${actual}, or --region ${actual}`,
  );
}

async function checkEncryption(
  report: Examination,
  bucket: string,
  answer: BucketAnswer<BucketEncryption>,
): Promise<void> {
  if (!answer.known) {
    await tellUnknown(report, 'encryption', 'its encryption and its block of SSE-C', answer.why, {
      permission: 's3:GetEncryptionConfiguration',
    });
    return;
  }
  const { sseAlgorithm, kmsMasterKeyId, bucketKeyEnabled, blockedEncryptionTypes } = answer.value;
  if (blocksSseC(answer.value)) {
    const { code, message, hints } = blocked({ bucket });
    await report.failure('sse-c-block', new SsecError(code, message, { hints }));
  } else if (blockedEncryptionTypes.length > 0) await report.ok('sse-c-block', 'it allows SSE-C');
  else await report.ok('sse-c-block', 'it names no encryption that it blocks');
  const kms = kmsMasterKeyId === undefined ? '' : ` with ${kmsMasterKeyId}`;
  const bucketKey = bucketKeyEnabled === true ? ', and a bucket key' : '';
  await report.ok(
    'encryption',
    `what comes without a customer key is encrypted by default: ${sseAlgorithm ?? 'not at all'}${kms}${bucketKey}`,
  );
}

async function checkPolicy(report: Examination, answer: BucketAnswer<string | undefined>): Promise<void> {
  if (!answer.known) {
    await tellUnknown(report, 'policy', 'its policy', answer.why, { permission: 's3:GetBucketPolicy' });
    return;
  }
  if (answer.value === undefined) {
    await report.ok('policy', 'it has no policy');
    return;
  }
  const statements = findSseCStatements(answer.value);
  if (statements.length === 0) await report.ok('policy', 'its policy says nothing of SSE-C');
  for (const statement of statements) {
    const what = `in its policy ${describeStatement(statement)}`;
    if (statement.kind === 'demands') await report.ok('policy', what);
    else if (statement.Effect === 'Deny' && !statement.partly)
      await report.failure(
        'policy',
        new SsecError('ACCESS_DENIED', `${what.charAt(0).toUpperCase()}${what.slice(1)}.`, {
          hints: ['ask whoever keeps the bucket policy, or use another bucket'],
        }),
      );
    else
      await report.warning(
        'policy',
        what,
        'an upload may be refused by that: see aws s3api get-bucket-policy',
      );
  }
}

async function checkVersioning(
  report: Examination,
  answer: BucketAnswer<'Enabled' | 'Suspended' | 'Off'>,
): Promise<void> {
  if (!answer.known) {
    await tellUnknown(report, 'versioning', 'whether it keeps versions', answer.why, {
      permission: 's3:GetBucketVersioning',
    });
    return;
  }
  await report.ok(
    'versioning',
    {
      Enabled: 'it keeps versions; each opens under the key that it was put with',
      Suspended: 'it makes no new versions, and keeps those that it has (versioning is suspended)',
      Off: 'it keeps no versions',
    }[answer.value],
  );
}

async function checkLifecycle(
  report: Examination,
  bucket: string,
  answer: BucketAnswer<readonly UnfinishedUploadRule[]>,
): Promise<void> {
  if (!answer.known) {
    await tellUnknown(report, 'lifecycle', 'what becomes of unfinished uploads', answer.why, {
      permission: 's3:GetLifecycleConfiguration',
    });
    return;
  }
  const general = answer.value.find(({ prefix, partly }) => prefix === '' && !partly);
  if (general !== undefined)
    await report.ok('lifecycle', `unfinished uploads are aborted after ${general.days} days`);
  else
    await report.warning(
      'lifecycle',
      'no lifecycle rule aborts all unfinished uploads: their parts are stored, and cost money, until somebody does',
      `see them: ssec uploads -b ${shellWord(bucket)}`,
      `add a rule with AbortIncompleteMultipartUpload to those that there are (aws s3api get-bucket-lifecycle-configuration --bucket ${shellWord(bucket)}): put-bucket-lifecycle-configuration replaces them all`,
    );
}

async function tellUnknown(
  report: Examination,
  check: Check,
  what: string,
  why: 'denied' | 'unsupported' | SsecError,
  { permission }: { readonly permission: string },
): Promise<void> {
  if (why === 'denied') await report.unknown(check, `${what} may not be asked`, `ask for ${permission}`);
  else if (why === 'unsupported') await report.unknown(check, `${what}: the server does not say`);
  else await report.unknown(check, `${what} could not be asked: ${why.message}`, ...why.hints);
}
