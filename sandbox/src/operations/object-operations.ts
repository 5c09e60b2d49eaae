import { copySourceKeyHeaders, customerKeyHeaders } from '../sse-c/customer-key-headers.ts';
import { abortMultipartUpload } from './abort-multipart-upload.ts';
import { completeMultipartUpload } from './complete-multipart-upload.ts';
import { copyObject } from './copy-object.ts';
import { createMultipartUpload } from './create-multipart-upload.ts';
import { deleteObject } from './delete-object.ts';
import { getObject, headObject } from './get-object.ts';
import { getObjectAttributes } from './get-object-attributes.ts';
import { listParts } from './list-parts.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object-tagging.ts';
import type { Operation } from './operation.ts';
import { putObject } from './put-object.ts';
import { uploadPart } from './upload-part.ts';
import { uploadPartCopy } from './upload-part-copy.ts';

const sseC = Object.values(customerKeyHeaders);
const describing = [
  'x-amz-acl',
  'x-amz-meta-*',
  'x-amz-storage-class',
  'x-amz-tagging',
  'x-amz-server-side-encryption',
  ...sseC,
];
const copying = [
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-unmodified-since',
  'x-amz-source-expected-bucket-owner',
  ...Object.values(copySourceKeyHeaders),
];
const reading = ['x-amz-checksum-mode', 'x-amz-server-side-encryption', ...sseC];

/** What a request with an object's key may mean; the first row that fits does. */
export const objectOperations: readonly Operation[] = [
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
    name: 'UploadPartCopy',
    on: 'object',
    method: 'PUT',
    subresource: { name: 'uploadId' },
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
    query: ['partNumber'],
    headers: [...copying, 'x-amz-copy-source-range', 'x-amz-server-side-encryption', ...sseC],
    answer: uploadPartCopy,
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
    name: 'GetObjectTagging',
    on: 'object',
    method: 'GET',
    subresource: { name: 'tagging' },
    action: 's3:GetObjectTagging',
    versionAction: 's3:GetObjectVersionTagging',
    query: ['versionId'],
    answer: getObjectTagging,
  },
  {
    name: 'PutObjectTagging',
    on: 'object',
    method: 'PUT',
    subresource: { name: 'tagging' },
    action: 's3:PutObjectTagging',
    versionAction: 's3:PutObjectVersionTagging',
    query: ['versionId'],
    answer: putObjectTagging,
  },
  {
    name: 'DeleteObjectTagging',
    on: 'object',
    method: 'DELETE',
    subresource: { name: 'tagging' },
    action: 's3:DeleteObjectTagging',
    versionAction: 's3:DeleteObjectVersionTagging',
    query: ['versionId'],
    answer: deleteObjectTagging,
  },
  {
    name: 'CopyObject',
    on: 'object',
    method: 'PUT',
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
    headers: [
      ...describing,
      ...copying,
      'x-amz-checksum-algorithm',
      'x-amz-metadata-directive',
      'x-amz-tagging-directive',
    ],
    answer: copyObject,
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
