import { customerKeyHeaders } from '../sse-c/customer-key-headers.ts';
import { abortMultipartUpload } from './abort-multipart-upload.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.ts';
import { deleteBucketEncryption, getBucketEncryption, putBucketEncryption } from './bucket-encryption.ts';
import { deleteBucketLifecycle, getBucketLifecycle, putBucketLifecycle } from './bucket-lifecycle.ts';
import { deleteBucketPolicy, getBucketPolicy, putBucketPolicy } from './bucket-policy.ts';
import { getBucketVersioning, putBucketVersioning } from './bucket-versioning.ts';
import { completeMultipartUpload } from './complete-multipart-upload.ts';
import { createMultipartUpload } from './create-multipart-upload.ts';
import { deleteObject } from './delete-object.ts';
import { deleteObjects } from './delete-objects.ts';
import { getObject, headObject } from './get-object.ts';
import { getObjectAttributes } from './get-object-attributes.ts';
import { listObjectVersions } from './list-object-versions.ts';
import { listMultipartUploads } from './list-multipart-uploads.ts';
import { listObjects, listObjectsV2 } from './list-objects.ts';
import { listParts } from './list-parts.ts';
import type { Operation } from './operation.ts';
import { putObject } from './put-object.ts';
import { uploadPart } from './upload-part.ts';

const sseC = Object.values(customerKeyHeaders);
const listing = ['prefix', 'delimiter', 'max-keys', 'encoding-type'];
const describing = [
  'x-amz-acl',
  'x-amz-meta-*',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  ...sseC,
];
const reading = ['x-amz-checksum-mode', 'x-amz-server-side-encryption', ...sseC];

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
  {
    name: 'CreateMultipartUpload',
    on: 'object',
    method: 'POST',
    subresource: { name: 'uploads' },
    action: 's3:PutObject',
    headers: [...describing, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    answer: createMultipartUpload,
  },
  {
    name: 'UploadPart',
    on: 'object',
    method: 'PUT',
    subresource: { name: 'uploadId' },
    action: 's3:PutObject',
    query: ['partNumber'],
    headers: ['x-amz-server-side-encryption', ...sseC],
    answer: uploadPart,
  },
  {
    name: 'CompleteMultipartUpload',
    on: 'object',
    method: 'POST',
    subresource: { name: 'uploadId' },
    action: 's3:PutObject',
    headers: ['x-amz-checksum-type', 'x-amz-mp-object-size', ...sseC],
    answer: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    on: 'object',
    method: 'DELETE',
    subresource: { name: 'uploadId' },
    action: 's3:AbortMultipartUpload',
    answer: abortMultipartUpload,
  },
  {
    name: 'ListParts',
    on: 'object',
    method: 'GET',
    subresource: { name: 'uploadId' },
    action: 's3:ListMultipartUploadParts',
    query: ['max-parts', 'part-number-marker'],
    headers: sseC,
    answer: listParts,
  },
  {
    name: 'GetObjectAttributes',
    on: 'object',
    method: 'GET',
    subresource: { name: 'attributes' },
    action: 's3:GetObjectAttributes',
    versionAction: 's3:GetObjectVersionAttributes',
    query: ['versionId'],
    headers: [
      'x-amz-object-attributes',
      'x-amz-max-parts',
      'x-amz-part-number-marker',
      'x-amz-server-side-encryption',
      ...sseC,
    ],
    answer: getObjectAttributes,
  },
  {
    name: 'PutObject',
    on: 'object',
    method: 'PUT',
    action: 's3:PutObject',
    headers: describing,
    answer: putObject,
  },
  {
    name: 'GetObject',
    on: 'object',
    method: 'GET',
    action: 's3:GetObject',
    versionAction: 's3:GetObjectVersion',
    query: ['partNumber', 'versionId'],
    headers: reading,
    answer: getObject,
  },
  {
    name: 'HeadObject',
    on: 'object',
    method: 'HEAD',
    action: 's3:GetObject',
    versionAction: 's3:GetObjectVersion',
    query: ['partNumber', 'versionId'],
    headers: reading,
    answer: headObject,
  },
  {
    name: 'DeleteObject',
    on: 'object',
    method: 'DELETE',
    action: 's3:DeleteObject',
    versionAction: 's3:DeleteObjectVersion',
    query: ['versionId'],
    answer: deleteObject,
  },
];
