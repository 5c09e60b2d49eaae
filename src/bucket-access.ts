import { HeadBucketCommand, type HeadBucketCommandOutput, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { regionName, serviceAnswer } from './service-answer.ts';
import { failureOf } from './service-error.ts';

export interface BucketAccessOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly signal?: AbortSignal;
}

/**
 * Whether the bucket's objects may be listed.
 *
 * @returns false where they may not: then S3 does not say either whether the bucket is there
 * @throws SsecError BUCKET_NOT_FOUND, CREDENTIALS_INVALID, WRONG_REGION, NETWORK, ...
 */
export async function mayList(options: BucketAccessOptions, prefix: string): Promise<boolean> {
  const { client, bucket, signal } = options;
  try {
    await client.send(
      new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1, ...(prefix === '' ? {} : { Prefix: prefix }) }),
      { signal },
    );
    return true;
  } catch (error) {
    const failure = failureOf(
      error,
      { operation: 'ListObjectsV2', bucket, customerKeySent: false, endpoint: client.endpoint },
      signal,
    );
    if (failure.code === 'ACCESS_DENIED') return false;
    throw failure;
  }
}

/**
 * The bucket's region, as S3 names it even to whoever may not see the bucket.
 *
 * @returns undefined where the server has no regions, or does not say
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
 */
export async function bucketRegion(options: BucketAccessOptions): Promise<string | undefined> {
  const { client, bucket, signal } = options;
  try {
    const output = await client.send<HeadBucketCommandOutput>(new HeadBucketCommand({ Bucket: bucket }), {
      signal,
    });
    return regionName(output.BucketRegion);
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return regionName(serviceAnswer(error)?.headers['x-amz-bucket-region']);
  }
}
