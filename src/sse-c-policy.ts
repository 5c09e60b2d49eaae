import { awsPartition } from './aws-partition.ts';

export interface SseCPolicyOptions {
  readonly bucket: string;
  /** `demand`: every write must come with a customer key. `forbid`: none may. */
  readonly rule: 'demand' | 'forbid';
  /** Of the bucket: resources of China and GovCloud are named differently. */
  readonly region: string;
}

const ALGORITHM_KEY = 's3:x-amz-server-side-encryption-customer-algorithm';

/**
 * A bucket policy, as JSON, that demands or forbids SSE-C on every write. Reads are not concerned: S3 asks for the
 * key by itself there.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */
export function sseCPolicy({ bucket, rule, region }: SseCPolicyOptions): string {
  const policy = {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: rule === 'demand' ? 'DemandSseC' : 'ForbidSseC',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:${awsPartition(region).name}:s3:::${bucket}/*`,
        // "the header is absent": S3 itself takes no other value of it than AES256
        Condition: { Null: { [ALGORITHM_KEY]: rule === 'demand' ? 'true' : 'false' } },
      },
    ],
  };
  return JSON.stringify(policy, undefined, 2);
}
