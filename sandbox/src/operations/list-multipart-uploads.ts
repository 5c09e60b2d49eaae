import { queryParameter } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { compareKeys } from '../store/key-order.ts';
import type { UploadRecord } from '../store/upload-record.ts';
import { ownerElements } from './account.ts';
import { type ListEncoding, readEncoding, readPageSize } from './list-parameters.ts';
import type { BucketContext, S3Response } from './operation.ts';

interface UploadQuery {
  readonly prefix: string;
  readonly delimiter: string;
  readonly maxUploads: number;
  readonly keyMarker: string;
  readonly uploadIdMarker: string;
}

interface UploadPage {
  readonly uploads: readonly UploadRecord[];
  readonly commonPrefixes: readonly string[];
  /** The last that this page lists; undefined: there are no more. */
  readonly next: { readonly key: string; readonly uploadId: string } | undefined;
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
  const page = pageOfUploads(bucket.uploads.list(), query);
  const elements = [
    element('Bucket', bucket.name),
    element('KeyMarker', name(keyMarker)),
    element('UploadIdMarker', query.uploadIdMarker),
    page.next === undefined ? '' : element('NextKeyMarker', name(page.next.key)),
    page.next === undefined ? '' : element('NextUploadIdMarker', page.next.uploadId),
    element('Prefix', name(query.prefix)),
    query.delimiter === '' ? '' : element('Delimiter', name(query.delimiter)),
    encodingType === undefined ? '' : element('EncodingType', encodingType),
    element('MaxUploads', query.maxUploads),
    element('IsTruncated', page.next !== undefined),
    ...page.uploads.map((upload) => entry(upload, encoding)),
    ...page.commonPrefixes.map(
      (prefix) => `<CommonPrefixes>${element('Prefix', name(prefix))}</CommonPrefixes>`,
    ),
  ];
  return {
    status: 200,
    xml: `${xmlDeclaration}<ListMultipartUploadsResult ${s3Namespace}>${elements.join('')}</ListMultipartUploadsResult>`,
  };
}

function pageOfUploads(sorted: readonly UploadRecord[], query: UploadQuery): UploadPage {
  const { prefix, delimiter, maxUploads } = query;
  const uploads: UploadRecord[] = [];
  const commonPrefixes: string[] = [];
  let last = { key: '', uploadId: '' };
  if (maxUploads === 0) return { uploads, commonPrefixes, next: undefined };
  for (const upload of sorted) {
    const { key, uploadId } = upload;
    if (!key.startsWith(prefix) || !isAfterMarker(upload, query)) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const rolled = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    // A common prefix that stood on an earlier page, or on this one.
    if (rolled !== undefined && (rolled === last.key || compareKeys(rolled, query.keyMarker) <= 0)) continue;
    if (uploads.length + commonPrefixes.length === maxUploads) return { uploads, commonPrefixes, next: last };
    if (rolled === undefined) uploads.push(upload);
    else commonPrefixes.push(rolled);
    last = rolled === undefined ? { key, uploadId } : { key: rolled, uploadId: '' };
  }
  return { uploads, commonPrefixes, next: undefined };
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
