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
import { type ServiceRequest, toSsecError } from './service-error.ts';
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

export interface AllowSseCResult extends BucketEncryption {
  /** False where the bucket allowed SSE-C before. */
  readonly changed: boolean;
}

/**
 * Lets a bucket take SSE-C writes. Only `BlockedEncryptionTypes` changes: the rule that stands there goes back
 * with it, KMS key and bucket key included (the snippet in circulation resets them), and is read back.
 *
 * @throws SsecError ACCESS_DENIED, BUCKET_NOT_FOUND, NOT_SUPPORTED where the server ignored the change
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
 */
export async function allowSseC(options: BucketEncryptionOptions): Promise<AllowSseCResult> {
  const { client, bucket, signal } = options;
  checkBucketName(bucket);
  const before = await readRules(options);
  const rule = before[0];
  if (before.length > 1) {
    throw new SsecError(
      'NOT_SUPPORTED',
      `The bucket "${bucket}" has ${before.length} encryption rules; S3 knows one.`,
    );
  }
  const blocked = rule?.BlockedEncryptionTypes?.EncryptionType ?? [];
  // whether a new bucket on AWS names its default block is not documented: where nothing is named, say it
  const silent = blocked.length === 0 && client.isAws;
  if (!blocked.includes('SSE-C') && !silent) return { ...describe(bucket, rule), changed: false };
  const others = blocked.filter((type) => type !== 'SSE-C');
  const wanted: ServerSideEncryptionRule = {
    ...rule,
    BlockedEncryptionTypes: { EncryptionType: others.length === 0 ? ['NONE'] : others },
  };
  await client
    .send(
      new PutBucketEncryptionCommand({
        Bucket: bucket,
        ServerSideEncryptionConfiguration: { Rules: [wanted] },
      }),
      { signal },
    )
    .catch((error: unknown) => {
      throw toSsecError(error, request('PutBucketEncryption', options));
    });
  const after = describe(bucket, (await readRules(options))[0]);
  compare(describe(bucket, wanted), after);
  return { ...after, changed: true };
}

async function readRules(options: BucketEncryptionOptions): Promise<readonly ServerSideEncryptionRule[]> {
  const { client, bucket, signal } = options;
  try {
    const output = await client.send<GetBucketEncryptionCommandOutput>(
      new GetBucketEncryptionCommand({ Bucket: bucket }),
      { signal },
    );
    return output.ServerSideEncryptionConfiguration?.Rules ?? [];
  } catch (error) {
    // a bucket without any configuration, as S3 answered before 2023 and other servers still do
    if (serviceAnswer(error)?.code === 'ServerSideEncryptionConfigurationNotFoundError') return [];
    throw toSsecError(error, request('GetBucketEncryption', options));
  }
}

function describe(bucket: string, rule: ServerSideEncryptionRule | undefined): BucketEncryption {
  const byDefault = rule?.ApplyServerSideEncryptionByDefault;
  return {
    bucket,
    sseAlgorithm: byDefault?.SSEAlgorithm,
    kmsMasterKeyId: byDefault?.KMSMasterKeyID,
    bucketKeyEnabled: rule?.BucketKeyEnabled,
    blockedEncryptionTypes: rule?.BlockedEncryptionTypes?.EncryptionType ?? [],
  };
}

function compare(wanted: BucketEncryption, found: BucketEncryption): void {
  const { bucket } = wanted;
  if (found.blockedEncryptionTypes.includes('SSE-C')) {
    throw new SsecError(
      'NOT_SUPPORTED',
      `The server took the change, and "${bucket}" blocks SSE-C all the same.`,
    );
  }
  const kept =
    found.sseAlgorithm === wanted.sseAlgorithm &&
    found.kmsMasterKeyId === wanted.kmsMasterKeyId &&
    (found.bucketKeyEnabled ?? false) === (wanted.bucketKeyEnabled ?? false);
  if (!kept) {
    throw new SsecError(
      'SERVICE_REFUSED',
      `SSE-C is allowed on "${bucket}", but its default encryption is not what it was.`,
      {
        hints: [
          `it was ${wanted.sseAlgorithm ?? 'none'}${wanted.kmsMasterKeyId === undefined ? '' : ` with ${wanted.kmsMasterKeyId}`}: look at aws s3api get-bucket-encryption --bucket ${shellWord(bucket)}`,
        ],
      },
    );
  }
}

function request(operation: string, options: BucketEncryptionOptions): ServiceRequest {
  return { operation, bucket: options.bucket, customerKeySent: false, endpoint: options.client.endpoint };
}
