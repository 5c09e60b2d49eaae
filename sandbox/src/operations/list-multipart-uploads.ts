import { queryParameter } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { compareKeys } from '../store/key-order.ts';
import type { UploadRecord } from '../store/upload-record.ts';
import { ownerElements } from './account.ts';
import { pageOf } from './list-page.ts';
import { type ListEncoding, readEncoding, readPageSize } from './list-parameters.ts';
import type { BucketContext, S3Response } from './operation.ts';

interface UploadQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxUploads: number;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export function listMultipartUploads({ request, bucket }: BucketContext): S3Response {
  const encoding = readEncoding(request);
  const keyMarker = queryParameter(request, 'key-marker') ?? '';
  const query: UploadQuery = {
    prefix: queryParameter(request, 'prefix') ?? '',
    delimiter: queryParameter(request, 'delimiter') ?? '',
    maxUploads: readPageSize(queryParameter(request, 'max-uploads'), 'max-uploads'),
    keyMarker,
    // Without a key it says nothing.
    uploadIdMarker: keyMarker === '' ? '' : (queryParameter(request, 'upload-id-marker') ?? ''),
  };
  const { name, encodingType } = encoding;
  const page = pageOf(
    bucket.uploads.list().filter((upload) => isAfterMarker(upload, query)),
    ({ key }) => key,
    { ...query, limit: query.maxUploads, after: keyMarker },
  );
  const elements = [
    element('Bucket', bucket.name),
    element('KeyMarker', name(keyMarker)),
    element('UploadIdMarker', query.uploadIdMarker),
    page.next === undefined ? '' : element('NextKeyMarker', name(page.next.name)),
    page.next === undefined ? '' : element('NextUploadIdMarker', page.next.entry?.uploadId ?? ''),
    element('Prefix', name(query.prefix)),
    query.delimiter === '' ? '' : element('Delimiter', name(query.delimiter)),
    encodingType === undefined ? '' : element('EncodingType', encodingType),
    element('MaxUploads', query.maxUploads),
    element('IsTruncated', page.next !== undefined),
    ...page.entries.map((upload) => entry(upload, encoding)),
    ...page.commonPrefixes.map(
      (prefix) => `<CommonPrefixes>${element('Prefix', name(prefix))}</CommonPrefixes>`,
    ),
  ];
  return {
    status: 200,
    xml: `${xmlDeclaration}<ListMultipartUploadsResult ${s3Namespace}>${elements.join('')}</ListMultipartUploadsResult>`,
  };
}

function isAfterMarker({ key, uploadId }: UploadRecord, query: UploadQuery): boolean {
  const order = compareKeys(key, query.keyMarker);
  return order > 0 || (order === 0 && query.uploadIdMarker !== '' && uploadId > query.uploadIdMarker);
}

function entry(
  { key, uploadId, storageClass, initiated, checksum }: UploadRecord,
  { name }: ListEncoding,
): string {
  return [
    '<Upload>',
    element('Key', name(key)),
    element('UploadId', uploadId),
    ownerElements('Initiator', 'Owner'),
    element('StorageClass', storageClass),
    element('Initiated', initiated),
    checksum === undefined ? '' : element('ChecksumAlgorithm', checksum.algorithm.toUpperCase()),
    checksum === undefined ? '' : element('ChecksumType', checksum.type),
    '</Upload>',
  ].join('');
}
