import {
  GetBucketLifecycleConfigurationCommand,
  type GetBucketLifecycleConfigurationCommandOutput,
  GetBucketLocationCommand,
  type GetBucketLocationCommandOutput,
  GetBucketPolicyCommand,
  type GetBucketPolicyCommandOutput,
  GetBucketVersioningCommand,
  type GetBucketVersioningCommandOutput,
  HeadBucketCommand,
  type HeadBucketCommandOutput,
  type LifecycleRule,
} from '@aws-sdk/client-s3';
import {
  type BucketEncryption,
  type BucketEncryptionOptions,
  describeRule,
  readEncryptionRules,
} from './bucket-encryption.ts';
import { type ErrorCode, SsecError } from './errors.ts';
import { regionName, serviceAnswer } from './service-answer.ts';
import { failureOf } from './service-error.ts';

/** What a bucket is asked with; nothing is changed, and no customer key is sent. */
export type BucketQuestion = BucketEncryptionOptions;

/** What is known of a bucket, or why it is not: a permission that lacks must not hide the rest. */
export type BucketAnswer<T> =
  | { readonly known: true; readonly value: T }
  | {
      readonly known: false;
      /** `denied` = we may not ask; `unsupported` = the server does not know the question. */
      readonly why: 'denied' | 'unsupported' | SsecError;
    };

/** A lifecycle rule that aborts uploads in parts which nobody completed. */
export interface UnfinishedUploadRule {
  /** Begin of the keys that it is for; empty = all. */
  readonly prefix: string;
  readonly days: number;
  /** For objects of some tags or sizes alone. */
  readonly partly: boolean;
}

/**
 * The region that the bucket lies in.
 *
 * @throws SsecError NETWORK, THROTTLED, CREDENTIALS_EXPIRED, ..., as all questions do, where no answer came to any
 */
export async function bucketRegion(question: BucketQuestion): Promise<BucketAnswer<string>> {
  const { client, bucket, signal } = question;
  const head = await ask(question, 'HeadBucket', async () => {
    try {
      const output = await client.send<HeadBucketCommandOutput>(new HeadBucketCommand({ Bucket: bucket }), {
        signal,
      });
      return regionName(output.BucketRegion);
    } catch (error) {
      // S3 tells the region to those as well who may not look into the bucket
      const region = regionName(serviceAnswer(error)?.headers['x-amz-bucket-region']);
      if (region !== undefined && serviceAnswer(error)?.status === 403) return region;
      throw error;
    }
  });
  if (head.known && head.value !== undefined) return { known: true, value: head.value };
  if (!head.known && head.why instanceof SsecError) return head;
  return ask(question, 'GetBucketLocation', async () => {
    const { LocationConstraint } = await client.send<GetBucketLocationCommandOutput>(
      new GetBucketLocationCommand({ Bucket: bucket }),
      { signal },
    );
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
    const named: string | undefined = LocationConstraint;
    if (named === undefined || named === '') return client.isAws ? 'us-east-1' : unsupported();
    return named === 'EU' ? 'eu-west-1' : (regionName(named) ?? unsupported());
  });
}

/** Default encryption, and whether SSE-C is blocked. */
export function bucketEncryption(question: BucketQuestion): Promise<BucketAnswer<BucketEncryption>> {
  return ask(question, 'GetBucketEncryption', async () => {
    const rules = await readEncryptionRules(question);
    return rules === undefined ? unsupported() : describeRule(question.bucket, rules[0]);
  });
}

export function bucketVersioning(
  question: BucketQuestion,
): Promise<BucketAnswer<'Enabled' | 'Suspended' | 'Off'>> {
  return ask(question, 'GetBucketVersioning', async () => {
    const { client, bucket, signal } = question;
    const { Status } = await client.send<GetBucketVersioningCommandOutput>(
      new GetBucketVersioningCommand({ Bucket: bucket }),
      { signal },
    );
    return Status ?? 'Off';
  });
}

/** The bucket policy, as JSON text; undefined where there is none. */
export function bucketPolicy(question: BucketQuestion): Promise<BucketAnswer<string | undefined>> {
  return ask(question, 'GetBucketPolicy', async () => {
    const { client, bucket, signal } = question;
    const output = await client
      .send<GetBucketPolicyCommandOutput>(new GetBucketPolicyCommand({ Bucket: bucket }), { signal })
      .catch(noneWhereNotFound);
    if (output === undefined) return undefined;
    return isJsonObject(output.Policy) ? output.Policy : unsupported();
  });
}

/** The rules that are in force for uploads which nobody completed. */
export function unfinishedUploadRules(
  question: BucketQuestion,
): Promise<BucketAnswer<readonly UnfinishedUploadRule[]>> {
  return ask(question, 'GetBucketLifecycleConfiguration', async () => {
    const { client, bucket, signal } = question;
    const output = await client
      .send<GetBucketLifecycleConfigurationCommandOutput>(
        new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }),
        { signal },
      )
      .catch(noneWhereNotFound);
    if (output === undefined) return [];
    return output.Rules === undefined ? unsupported() : output.Rules.flatMap(unfinishedUploadRule);
  });
}

function unfinishedUploadRule(rule: LifecycleRule): UnfinishedUploadRule[] {
  const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
  if (days === undefined || rule.Status !== 'Enabled') return [];
  const { Filter: filter, Prefix: direct } = rule;
  const { And: and } = filter ?? {};
  const others = { ...filter, ...and, Prefix: undefined, And: undefined };
  return [
    {
      prefix: and?.Prefix ?? filter?.Prefix ?? direct ?? '',
      days,
      partly: Object.values(others).some((value) => value !== undefined),
    },
  ];
}

/** Thrown inside of a question alone: the answer that came is none to it. */
class Unsupported extends Error {}

function unsupported(): never {
  throw new Unsupported();
}

/** What has nothing to do with the question: no other one would be answered. */
const UNANSWERED: readonly ErrorCode[] = [
  'SETTING_INVALID',
  'NETWORK',
  'TIMEOUT',
  'TLS_UNTRUSTED',
  'THROTTLED',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_INVALID',
  'CREDENTIALS_EXPIRED',
  'CLOCK_SKEW',
];

async function ask<T>(
  { client, bucket, signal }: BucketQuestion,
  operation: string,
  read: () => Promise<T>,
): Promise<BucketAnswer<T>> {
  try {
    return { known: true, value: await read() };
  } catch (error) {
    if (error instanceof Unsupported) return { known: false, why: 'unsupported' };
    const request = { operation, bucket, customerKeySent: false, endpoint: client.endpoint };
    const failure = failureOf(error, request, signal);
    if (signal?.aborted === true || UNANSWERED.includes(failure.code)) throw failure;
    if (failure.code === 'ACCESS_DENIED') return { known: false, why: 'denied' };
    // a success that cannot be read: a page, for one
    const isUnreadable = failure.context['status'] === 200;
    if (failure.code === 'NOT_SUPPORTED' || isUnreadable) return { known: false, why: 'unsupported' };
    return { known: false, why: failure };
  }
}

/** A configuration that was never made: 404 with a code of its own, which differs from server to server. */
function noneWhereNotFound(error: unknown): undefined {
  const answer = serviceAnswer(error);
  if (answer?.status === 404 && answer.code !== undefined && answer.code !== 'NoSuchBucket') return undefined;
  throw error;
}

function isJsonObject(text: string | undefined): text is string {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
