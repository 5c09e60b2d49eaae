import { checksumElement } from '../checksum/checksum.ts';
import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { invalidArgument, invalidRequest, notImplemented } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { objectArn, requireAllowed } from './account.ts';
import { findObject } from './find-object.ts';
import { getObject } from './get-object.ts';
import { readPageSize } from './list-parameters.ts';
import { pageOfParts, readPartMarker } from './list-parts.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { versionHeaders } from './requested-version.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export function getObjectAttributes(context: BucketContext): S3Response {
  const { request, bucket, settings } = context;
  if (settings.attributes === 'refuse') throw notImplemented('GetObjectAttributes, as it was told to');
  if (settings.attributes === 'ignore') return getObject(context);
  const isOfVersion = queryParameter(request, 'versionId') !== undefined;
  const action = isOfVersion ? 's3:GetObjectVersion' : 's3:GetObject';
  requireAllowed(settings, action, objectArn(bucket.name, request.key));
  const wanted = readAttributeNames(request);
  const { record } = findObject(context);
  // In S3's order, whatever the request's was.
  const elements = Object.entries(attributes).map(([name, write]) =>
    wanted.has(name) ? write(record, request) : '',
  );
  return {
    status: 200,
    headers: {
      'Last-Modified': new Date(record.lastModified).toUTCString(),
      ...versionHeaders(context, record),
    },
    xml: `${xmlDeclaration}<GetObjectAttributesResponse ${s3Namespace}>${elements.join('')}</GetObjectAttributesResponse>`,
  };
}

const attributes: Readonly<Record<string, (record: ObjectRecord, request: S3Request) => string>> = {
  ETag: ({ etag }) => element('ETag', etag),
  Checksum: ({ checksum }) =>
    checksum === undefined
      ? ''
      : `<Checksum>${element(checksumElement(checksum.algorithm), checksum.base64.replace(/-\d+$/, ''))}${element('ChecksumType', checksum.type)}</Checksum>`,
  ObjectParts: objectParts,
  StorageClass: ({ storageClass }) => element('StorageClass', storageClass),
  ObjectSize: ({ size }) => element('ObjectSize', size),
};

function readAttributeNames(request: S3Request): Set<string> {
  const header = request.headers.get('x-amz-object-attributes') ?? '';
  const names = header.split(',').map((name) => name.trim());
  if (header.trim() === '') {
    throw invalidRequest(
      'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    );
  }
  if (names.some((name) => attributes[name] === undefined)) {
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', header);
  }
  return new Set(names);
}

/** S3 lists the parts only where the upload had a checksum algorithm; their number in any case. */
function objectParts({ pieces, parts }: ObjectRecord, request: S3Request): string {
  const { headers } = request;
  const maxParts = readPageSize(headers.get('x-amz-max-parts'), 'max-parts');
  const marker = readPartMarker(headers.get('x-amz-part-number-marker'));
  if (parts === undefined) return '';
  const count = element('PartsCount', parts.length);
  const sized = parts.map((part, index) => ({ ...part, size: pieces[index]?.size ?? 0 }));
  if (sized.some(({ checksum }) => checksum === undefined)) return `<ObjectParts>${count}</ObjectParts>`;
  const page = pageOfParts(sized, marker, maxParts);
  const elements = [
    count,
    element('PartNumberMarker', marker),
    element('NextPartNumberMarker', page.next),
    element('MaxParts', maxParts),
    element('IsTruncated', page.isTruncated),
    ...page.parts.map(({ number, size, checksum }) =>
      [
        '<Part>',
        element('PartNumber', number),
        element('Size', size),
        checksum === undefined ? '' : element(checksumElement(checksum.algorithm), checksum.base64),
        '</Part>',
      ].join(''),
    ),
  ];
  return `<ObjectParts>${elements.join('')}</ObjectParts>`;
}
