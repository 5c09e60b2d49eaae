import { Readable } from 'node:stream';
import { parseBucketPolicy } from '../policy/bucket-policy.ts';
import { S3Error } from '../s3-error.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readRequiredText } from './request-document.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html */
export function getBucketPolicy({ bucket }: BucketContext): S3Response {
  const { policy } = bucket.settings;
  if (policy === undefined) {
    throw new S3Error(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist', {
      BucketName: bucket.name,
    });
  }
  const bytes = Buffer.from(policy);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) },
    content: Readable.from([bytes]),
  };
}

/** Takes what it will enforce, and keeps it as it came. */
export async function putBucketPolicy(context: BucketContext): Promise<S3Response> {
  const { bucket } = context;
  const policy = await readRequiredText(context);
  parseBucketPolicy(policy, bucket.name);
  bucket.changeSettings({ ...bucket.settings, policy });
  return { status: 204 };
}

export function deleteBucketPolicy({ bucket }: BucketContext): S3Response {
  const { policy: _, ...others } = bucket.settings;
  bucket.changeSettings(others);
  return { status: 204 };
}
