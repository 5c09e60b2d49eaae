import { checksumElement } from '../checksum/checksum.ts';
import { queryParameter } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { invalidArgument } from '../s3-error.ts';
import type { PartRecord, UploadRecord } from '../store/upload-record.ts';
import { ownerElements } from './account.ts';
import { readPageSize } from './list-parameters.ts';
import { checkListingKey, findUpload } from './multipart-upload.ts';
import type { BucketContext, S3Response } from './operation.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export function listParts(context: BucketContext): S3Response {
  const { request, bucket } = context;
  const maxParts = readPageSize(queryParameter(request, 'max-parts'), 'max-parts');
  const marker = readPartMarker(queryParameter(request, 'part-number-marker'));
  const { record, parts } = findUpload(context);
  checkListingKey(context, record);
  const page = pageOfParts(
    [...parts.values()].sort((a, b) => a.number - b.number),
    marker,
    maxParts,
  );
  const { checksum } = record;
  const elements = [
    element('Bucket', bucket.name),
    element('Key', record.key),
    element('UploadId', record.uploadId),
    ownerElements('Initiator', 'Owner'),
    element('StorageClass', record.storageClass),
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', page.next),
    element('MaxParts', maxParts),
    element('IsTruncated', page.isTruncated),
    checksum === undefined ? '' : element('ChecksumAlgorithm', checksum.algorithm.toUpperCase()),
    checksum === undefined ? '' : element('ChecksumType', checksum.type),
    ...page.parts.map((part) => entry(part, record)),
  ];
  return {
    status: 200,
    xml: `${xmlDeclaration}<ListPartsResult ${s3Namespace}>${elements.join('')}</ListPartsResult>`,
  };
}

export interface PartPage<T> {
  readonly parts: readonly T[];
  /** Where the next page goes on; 0 where this one is empty. */
  readonly next: number;
  readonly isTruncated: boolean;
}

export function pageOfParts<T extends { readonly number: number }>(
  sorted: readonly T[],
  marker: number,
  maxParts: number,
): PartPage<T> {
  const following = sorted.filter(({ number }) => number > marker);
  const parts = following.slice(0, maxParts);
  return { parts, next: parts.at(-1)?.number ?? 0, isTruncated: following.length > parts.length };
}

export function readPartMarker(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidArgument(
    'Provided part-number-marker not an integer or within integer range',
    'part-number-marker',
    text,
  );
}

function entry(part: PartRecord, { checksum }: UploadRecord): string {
  return [
    '<Part>',
    element('PartNumber', part.number),
    element('LastModified', part.lastModified),
    element('ETag', `"${part.etag}"`),
    element('Size', part.size),
    checksum === undefined ? '' : element(checksumElement(checksum.algorithm), part.checksum.base64),
    '</Part>',
  ].join('');
}
