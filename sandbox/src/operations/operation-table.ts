import { bucketOperations } from './bucket-operations.ts';
import { listBuckets } from './buckets.ts';
import { objectOperations } from './object-operations.ts';
import type { Operation } from './operation.ts';

/** All that this server can do. The first row that fits is the request's operation; what fits none gets 501. */
export const operations: readonly Operation[] = [
  // `aws s3 ls`, `rclone lsd`
  {
    name: 'ListBuckets',
    on: 'service',
    method: 'GET',
    action: 's3:ListAllMyBuckets',
    query: ['max-buckets', 'continuation-token'],
    answer: listBuckets,
  },
  {
    name: 'GetCallerIdentity',
    on: 'sts',
    method: 'POST',
    action: 'sts:GetCallerIdentity',
  },
  ...bucketOperations,
  ...objectOperations,
];
