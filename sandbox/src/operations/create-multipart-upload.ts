import { randomBytes } from 'node:crypto';
import type { ChecksumAlgorithm } from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { invalidRequest } from '../s3-error.ts';
import { sealObject } from '../sse-c/object-cipher.ts';
import type { ChecksumType } from '../store/object-record.ts';
import type { UploadRecord } from '../store/upload-record.ts';
import { customerKeyForWrite, encryptionHeaders } from './encryption.ts';
import { readChecksumAlgorithm } from './checksum-algorithm.ts';
import { readObjectHeaders, readStorageClass, requirePrivateAcl, wholeSeconds } from './object-headers.ts';
import { readNewTags } from './object-tagging.ts';
import type { BucketContext, S3Response } from './operation.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export function createMultipartUpload(context: BucketContext): S3Response {
  const { request, bucket, now } = context;
  const storageClass = readStorageClass(request);
  const customerKey = customerKeyForWrite(context);
  requirePrivateAcl(request);
  const checksum = readUploadChecksum(request);
  const before = bucket.object(request.key)?.pieces[0].data;
  const record: UploadRecord = {
    uploadId: newUploadId(now),
    key: request.key,
    initiated: wholeSeconds(now),
    storageClass,
    ...readObjectHeaders(request),
    ...readNewTags(context),
    ...(checksum === undefined ? {} : { checksum }),
    ...(customerKey === undefined ? {} : { seal: sealObject(customerKey.bytes).seal }),
    ...(before === undefined ? {} : { before }),
  };
  bucket.uploads.create(record);
  const names = [
    element('Bucket', bucket.name),
    element('Key', record.key),
    element('UploadId', record.uploadId),
  ];
  return {
    status: 200,
    headers: {
      ...encryptionHeaders(context, customerKey),
      ...(checksum === undefined
        ? {}
        : {
            'x-amz-checksum-algorithm': checksum.algorithm.toUpperCase(),
            'x-amz-checksum-type': checksum.type,
          }),
    },
    xml: `${xmlDeclaration}<InitiateMultipartUploadResult ${s3Namespace}>${names.join('')}</InitiateMultipartUploadResult>`,
  };
}

/** IDs sort by time: ListMultipartUploads goes by both. */
function newUploadId(now: Date): string {
  return now.getTime().toString(36).padStart(9, '0') + randomBytes(45).toString('base64url');
}

function readUploadChecksum(request: S3Request): UploadRecord['checksum'] {
  const algorithm = readChecksumAlgorithm(request);
  const type = request.headers.get('x-amz-checksum-type');
  if (algorithm === undefined) {
    if (type === undefined) return undefined;
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  return { algorithm, type: readType(type, algorithm) };
}

function readType(type: string | undefined, algorithm: ChecksumAlgorithm): ChecksumType {
  if (type === undefined) return algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE';
  if (type !== 'FULL_OBJECT' && type !== 'COMPOSITE') {
    throw invalidRequest('Value for x-amz-checksum-type header is invalid.');
  }
  const impossible = type === 'COMPOSITE' ? algorithm === 'crc64nvme' : algorithm.startsWith('sha');
  if (impossible) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm} checksum algorithm.`,
    );
  }
  return type;
}
