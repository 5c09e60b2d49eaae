import {
  HeadBucketCommand,
  type HeadBucketCommandOutput,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { serviceAnswer } from './service-answer.ts';
import { failureOf } from './service-error.ts';

export interface BucketAccessOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly signal?: AbortSignal;
}

/**
 * Whether a bucket is there, and in which region.
 *
 * @returns undefined where the credentials may not ask: S3 hides a bucket from whoever lacks s3:ListBucket on it
 * @throws SsecError BUCKET_NOT_FOUND, WRONG_REGION, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
 */
export async function headBucket(
  options: BucketAccessOptions,
): Promise<{ readonly region: string | undefined } | undefined> {
  const { client, bucket, signal } = options;
  try {
    const output = await client.send<HeadBucketCommandOutput>(new HeadBucketCommand({ Bucket: bucket }), {
      signal,
    });
    return { region: output.BucketRegion };
  } catch (error) {
    return deniedOr(error, 'HeadBucket', options);
  }
}

/**
 * Whether its objects may be listed.
 *
 * @returns undefined where they may not
 * @throws SsecError BUCKET_NOT_FOUND, NETWORK, ...
 */
export async function mayList(options: BucketAccessOptions, prefix: string): Promise<boolean> {
  const { client, bucket, signal } = options;
  try {
    await client.send<ListObjectsV2CommandOutput>(
      new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1, ...(prefix === '' ? {} : { Prefix: prefix }) }),
      { signal },
    );
    return true;
  } catch (error) {
    deniedOr(error, 'ListObjectsV2', options);
    return false;
  }
}

/** Nothing for a 403 that may be a want of permission; anything else goes on as our error. */
function deniedOr(error: unknown, operation: string, options: BucketAccessOptions): undefined {
  const { client, bucket, signal } = options;
  const failure = failureOf(
    error,
    { operation, bucket, customerKeySent: false, endpoint: client.endpoint },
    signal,
  );
  if (failure.code === 'ACCESS_DENIED' && serviceAnswer(error)?.status === 403) return undefined;
  throw failure;
}
