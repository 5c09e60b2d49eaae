import { partition } from '@aws-sdk/core/client';
import { expect, test } from 'vitest';
import { awsPartition, awsServiceUrl, isAwsHost } from '../../src/aws-partition.ts';

test.each([
  'us-east-1',
  'eu-central-1',
  'mx-central-1',
  'cn-north-1',
  'cn-northwest-1',
  'us-gov-west-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'us-isof-south-1',
  'eu-isoe-west-1',
])('%s is where the SDK says it is', (region) => {
  const { name, dnsSuffix, dualStackDnsSuffix } = partition(region);
  expect(awsPartition(region)).toEqual({ name, dnsSuffix, dualStackDnsSuffix });
  const { hostname } = awsServiceUrl('s3', region);
  expect(hostname).toBe(`s3.${region}.${dnsSuffix}`);
  expect(isAwsHost(hostname)).toBe(true);
  expect(isAwsHost(`my-bucket.s3.dualstack.${region}.${dualStackDnsSuffix}`)).toBe(true);
});

test.each(['amazonaws.com.example', 'notamazonaws.com', 's3.example', 'amazonaws.com'])(
  '%s is not AWS',
  (host) => {
    expect(isAwsHost(host)).toBe(false);
  },
);
