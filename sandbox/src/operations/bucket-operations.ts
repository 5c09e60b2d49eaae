import { createBucket, deleteBucket, getBucketLocation, headBucket } from './buckets.ts';
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from './bucket-encryption.ts';
import { deleteBucketLifecycle, getBucketLifecycle, putBucketLifecycle } from './bucket-lifecycle.ts';
import { deleteBucketPolicy, getBucketPolicy, putBucketPolicy } from './bucket-policy.ts';
import { getBucketVersioning, putBucketVersioning } from './bucket-versioning.ts';
import { deleteObjects } from './delete-objects.ts';
import { listObjectVersions } from './list-object-versions.ts';
import { listMultipartUploads } from './list-multipart-uploads.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';
import type { Operation } from './operation.ts';

const listing = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];

/** What a request without an object's key may mean; the first row that fits does. */
export const bucketOperations: readonly Operation[] = [
  {
    name: 'GetBucketLocation',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'location' },
    action: 's3:GetBucketLocation',
    answer: getBucketLocation,
  },
  {
    name: 'GetBucketEncryption',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'encryption' },
    action: 's3:GetEncryptionConfiguration',
    answer: getBucketEncryption,
  },
  {
    name: 'PutBucketEncryption',
    on: 'bucket',
    method: 'PUT',
    subresource: { name: 'encryption' },
    action: 's3:PutEncryptionConfiguration',
    answer: putBucketEncryption,
  },
  // the contract suite, which puts a bucket's default back with it, here as on AWS
  {
    name: 'DeleteBucketEncryption',
    on: 'bucket',
    method: 'DELETE',
    subresource: { name: 'encryption' },
    action: 's3:PutEncryptionConfiguration',
    answer: deleteBucketEncryption,
  },
  {
    name: 'GetBucketPolicy',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'policy' },
    action: 's3:GetBucketPolicy',
    answer: getBucketPolicy,
  },
  {
    name: 'PutBucketPolicy',
    on: 'bucket',
    method: 'PUT',
    subresource: { name: 'policy' },
    action: 's3:PutBucketPolicy',
    answer: putBucketPolicy,
  },
  {
    name: 'DeleteBucketPolicy',
    on: 'bucket',
    method: 'DELETE',
    subresource: { name: 'policy' },
    action: 's3:DeleteBucketPolicy',
    answer: deleteBucketPolicy,
  },
  {
    name: 'GetBucketVersioning',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'versioning' },
    action: 's3:GetBucketVersioning',
    answer: getBucketVersioning,
  },
  {
    name: 'PutBucketVersioning',
    on: 'bucket',
    method: 'PUT',
    subresource: { name: 'versioning' },
    action: 's3:PutBucketVersioning',
    answer: putBucketVersioning,
  },
  {
    name: 'GetBucketLifecycleConfiguration',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'lifecycle' },
    action: 's3:GetLifecycleConfiguration',
    answer: getBucketLifecycle,
  },
  {
    name: 'PutBucketLifecycleConfiguration',
    on: 'bucket',
    method: 'PUT',
    subresource: { name: 'lifecycle' },
    action: 's3:PutLifecycleConfiguration',
    answer: putBucketLifecycle,
  },
  {
    name: 'DeleteBucketLifecycle',
    on: 'bucket',
    method: 'DELETE',
    subresource: { name: 'lifecycle' },
    action: 's3:PutLifecycleConfiguration',
    answer: deleteBucketLifecycle,
  },
  {
    name: 'ListObjectsV2',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'list-type', value: '2' },
    action: 's3:ListBucket',
    query: [...listing, 'continuation-token', 'start-after', 'fetch-owner'],
    headers: ['x-amz-optional-object-attributes'],
    answer: listObjectsV2,
  },
  {
    name: 'ListMultipartUploads',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'uploads' },
    action: 's3:ListBucketMultipartUploads',
    query: ['prefix', 'delimiter', 'encoding-type', 'key-marker', 'upload-id-marker', 'max-uploads'],
    answer: listMultipartUploads,
  },
  {
    name: 'ListObjectVersions',
    on: 'bucket',
    method: 'GET',
    subresource: { name: 'versions' },
    action: 's3:ListBucketVersions',
    query: [...listing, 'key-marker', 'version-id-marker'],
    headers: ['x-amz-optional-object-attributes'],
    answer: listObjectVersions,
  },
  // rclone, which asks a server that it does not know in the old way; boto3's `Bucket.objects`
  {
    name: 'ListObjects',
    on: 'bucket',
    method: 'GET',
    action: 's3:ListBucket',
    query: [...listing, 'marker'],
    headers: ['x-amz-optional-object-attributes'],
    answer: listObjects,
  },
  // boto3's `Bucket.objects.delete()`
  {
    name: 'DeleteObjects',
    on: 'bucket',
    method: 'POST',
    subresource: { name: 'delete' },
    answer: deleteObjects,
  },
  {
    name: 'CreateBucket',
    on: 'new-bucket',
    method: 'PUT',
    action: 's3:CreateBucket',
    headers: ['x-amz-acl', 'x-amz-object-ownership'],
    answer: createBucket,
  },
  { name: 'HeadBucket', on: 'bucket', method: 'HEAD', action: 's3:ListBucket', answer: headBucket },
  { name: 'DeleteBucket', on: 'bucket', method: 'DELETE', action: 's3:DeleteBucket', answer: deleteBucket },
];
