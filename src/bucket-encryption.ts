import {
  GetBucketEncryptionCommand,
  type GetBucketEncryptionCommandOutput,
  PutBucketEncryptionCommand,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { checkBucketName } from './object-address.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, failureOf } from './service-error.ts';
import { shellWord } from './shell-word.ts';

export interface BucketEncryptionOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly signal?: AbortSignal;
}

/** The bucket's encryption, as far as SSE-C is concerned and what must not change beside it. */
export interface BucketEncryption {
  readonly bucket: string;
  /** Default encryption: `AES256`, `aws:kms`, `aws:kms:dsse`; undefined where none is configured. */
  readonly sseAlgorithm: string | undefined;
  readonly kmsMasterKeyId: string | undefined;
  readonly bucketKeyEnabled: boolean | undefined;
  /** `SSE-C` = writes with a customer key are refused; `NONE` = allowed; empty = the server does not say. */
  readonly blockedEncryptionTypes: readonly string[];
}

export interface ChangeSseCResult extends BucketEncryption {
  /** False where nothing had to be changed. */
  readonly changed: boolean;
}

/**
 * Lets a bucket take SSE-C writes. Only `BlockedEncryptionTypes` changes: the rule that stands there goes back
 * with it, KMS key and bucket key included (the snippet in circulation resets them), and is read back.
 *
 * @throws SsecError ACCESS_DENIED, BUCKET_NOT_FOUND, NOT_SUPPORTED where the server ignored the change
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
 */
export function allowSseC(options: BucketEncryptionOptions): Promise<ChangeSseCResult> {
  return changeSseC(options, 'allowed');
}

/**
 * Makes a bucket refuse SSE-C writes, in the same way. What is stored stays readable with its key.
 *
 * @throws SsecError ACCESS_DENIED, BUCKET_NOT_FOUND, NOT_SUPPORTED where the server cannot block it
 */
export function blockSseC(options: BucketEncryptionOptions): Promise<ChangeSseCResult> {
  return changeSseC(options, 'blocked');
}

/**
 * Whether writes with a customer key are refused.
 *
 * @internal
 */
export function blocksSseC({ blockedEncryptionTypes }: BucketEncryption): boolean {
  return blockedEncryptionTypes.includes('SSE-C');
}

async function changeSseC(
  options: BucketEncryptionOptions,
  wanted: 'allowed' | 'blocked',
): Promise<ChangeSseCResult> {
  const { client, bucket, signal } = options;
  checkBucketName(bucket);
  const before = await readEncryptionRules(options);
  // a server that answers something else might make something else of a PUT as well
  if (before === undefined && wanted === 'blocked') throw notSaid(bucket);
  const rule = before?.[0];
  if (before !== undefined && before.length > 1) {
    throw new SsecError(
      'NOT_SUPPORTED',
      `The bucket "${bucket}" has ${before.length} encryption rules; S3 knows one.`,
    );
  }
  const types = rule?.BlockedEncryptionTypes?.EncryptionType ?? [];
  // whether a new bucket on AWS names its default block is not documented: where nothing is named, say it
  const silent = types.length === 0 && client.isAws;
  const found = describeRule(bucket, rule);
  if (blocksSseC(found) === (wanted === 'blocked') && !silent) {
    return { ...found, changed: false };
  }
  const others = types.filter((type) => type !== 'SSE-C' && type !== 'NONE');
  const blocking = wanted === 'blocked' ? [...others, 'SSE-C' as const] : others;
  const changed: ServerSideEncryptionRule = {
    ...rule,
    BlockedEncryptionTypes: { EncryptionType: blocking.length === 0 ? ['NONE'] : blocking },
  };
  try {
    await client.send(
      new PutBucketEncryptionCommand({
        Bucket: bucket,
        ServerSideEncryptionConfiguration: { Rules: [changed] },
      }),
      { signal },
    );
  } catch (error) {
    throw failureOf(error, request('PutBucketEncryption', options), signal);
  }
  client.sseCBlocks.delete(bucket);
  const after = describeRule(bucket, (await readEncryptionRules(options))?.[0]);
  compare(describeRule(bucket, changed), after, wanted);
  return { ...after, changed: true };
}

/**
 * The rules of the bucket's encryption: none where there is no configuration; undefined where the answer is none
 * to this question, as of servers that take it for a listing of the bucket.
 *
 * @internal
 */
export async function readEncryptionRules(
  options: BucketEncryptionOptions,
): Promise<readonly ServerSideEncryptionRule[] | undefined> {
  const { client, bucket, signal } = options;
  try {
    const output = await client.send<GetBucketEncryptionCommandOutput>(
      new GetBucketEncryptionCommand({ Bucket: bucket }),
      { signal },
    );
    return output.ServerSideEncryptionConfiguration?.Rules;
  } catch (error) {
    // a bucket without any configuration, as S3 answered before 2023 and other servers still do
    if (serviceAnswer(error)?.code === 'ServerSideEncryptionConfigurationNotFoundError') return [];
    throw failureOf(error, request('GetBucketEncryption', options), signal);
  }
}

/** @internal */
export function describeRule(bucket: string, rule: ServerSideEncryptionRule | undefined): BucketEncryption {
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  return {
    bucket,
    sseAlgorithm: byDefault?.SSEAlgorithm,
    kmsMasterKeyId: byDefault?.KMSMasterKeyID,
    bucketKeyEnabled: rule?.BucketKeyEnabled,
    blockedEncryptionTypes: rule?.BlockedEncryptionTypes?.EncryptionType ?? [],
  };
}

function notSaid(bucket: string): SsecError {
  return new SsecError(
    'NOT_SUPPORTED',
    `The server does not say how "${bucket}" is encrypted, and cannot block SSE-C; nothing was changed.`,
  );
}

function compare(wanted: BucketEncryption, found: BucketEncryption, state: 'allowed' | 'blocked'): void {
  const { bucket } = wanted;
  const kept =
    found.sseAlgorithm === wanted.sseAlgorithm &&
    found.kmsMasterKeyId === wanted.kmsMasterKeyId &&
    (found.bucketKeyEnabled ?? false) === (wanted.bucketKeyEnabled ?? false);
  const before = `its default encryption was ${wanted.sseAlgorithm ?? 'none'}${wanted.kmsMasterKeyId === undefined ? '' : ` with ${wanted.kmsMasterKeyId}`}, and is another now: look at ssec bucket show -b ${shellWord(bucket)}`;
  if (blocksSseC(found) !== (state === 'blocked')) {
    throw new SsecError(
      'NOT_SUPPORTED',
      `The server took the change, and "${bucket}" ${state === 'blocked' ? 'takes' : 'blocks'} SSE-C all the same.`,
      { hints: kept ? [] : [before] },
    );
  }
  if (!kept) {
    throw new SsecError(
      'SERVICE_REFUSED',
      `SSE-C is ${state} on "${bucket}", but its default encryption is not what it was.`,
      { hints: [before] },
    );
  }
}

function request(operation: string, options: BucketEncryptionOptions): ServiceRequest {
  return { operation, bucket: options.bucket, customerKeySent: false, endpoint: options.client.endpoint };
}
