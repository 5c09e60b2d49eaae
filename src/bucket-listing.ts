import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { BucketQuestion } from './bucket-inspection.ts';
import { failureOf } from './service-error.ts';

/**
 * Whether the bucket's objects may be listed.
 *
 * @returns false where they may not: then S3 does not say either whether the bucket is there
 * @throws SsecError BUCKET_NOT_FOUND, CREDENTIALS_INVALID, WRONG_REGION, NETWORK, ...
 */
export async function mayList(question: BucketQuestion, prefix: string): Promise<boolean> {
  const { client, bucket, signal } = question;
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
