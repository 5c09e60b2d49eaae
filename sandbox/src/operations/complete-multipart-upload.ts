import { checksumElement } from '../checksum/checksum.ts';
import { decodeUtf8, percentEncode } from '../http/uri.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { conditionalRequestConflict } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import type { UploadRecord } from '../store/upload-record.ts';
import { objectArn, requireAllowed } from './account.ts';
import { readNamedParts, selectParts } from './completed-parts.ts';
import { readWriteCondition } from './conditions.ts';
import { encryptionHeaders } from './encryption.ts';
import { checkClaims, multipartChecksum, multipartEtag } from './multipart-checksum.ts';
import { checkCompletionKey, findUpload, readCompletionKey } from './multipart-upload.ts';
import { wholeSeconds } from './object-headers.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { newVersionHeaders } from './requested-version.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export async function completeMultipartUpload(context: BucketContext): Promise<S3Response> {
  const { request, bucket } = context;
  // A checksum in the headers is the object's, not this document's.
  const integrity = { contentMd5: undefined, checksum: undefined, trailer: undefined };
  const named = readNamedParts(decodeUtf8(await context.body.readDocument(integrity)));
  const customerKey = readCompletionKey(context);
  const condition = readWriteCondition(request);
  if (request.headers.has('if-match')) {
    requireAllowed(context.settings, 's3:GetObject', objectArn(bucket.name, request.key));
  }
  // From here on nothing is waited for: what is checked still holds when the object is put in place.
  const upload = findUpload(context);
  const { record } = upload;
  checkCompletionKey(record, customerKey);
  condition.check(bucket.object(request.key));
  checkConflict(context, record);
  const parts = selectParts(upload, named, context.settings.minPartBytes);
  const checksum = multipartChecksum(record, parts, customerKey !== undefined);
  checkClaims(request, record, parts, checksum);

  const [first, ...rest] = parts.map(({ data, size, seal }) =>
    seal === undefined ? { data, size } : { data, size, seal },
  );
  if (first === undefined) throw new Error('an object has at least one part');
  const object = bucket.complete(upload, {
    key: record.key,
    size: parts.reduce((sum, { size }) => sum + size, 0),
    etag: multipartEtag(parts),
    lastModified: wholeSeconds(context.now),
    storageClass: record.storageClass,
    ...(checksum === undefined ? {} : { checksum }),
    headers: record.headers,
    metadata: record.metadata,
    ...(record.tags === undefined ? {} : { tags: record.tags }),
    pieces: [first, ...rest],
    parts: parts.map((part) =>
      record.checksum === undefined
        ? { number: part.number }
        : { number: part.number, checksum: part.checksum },
    ),
  });
  return {
    status: 200,
    headers: {
      ...newVersionHeaders(object),
      ...completionHeaders(context, record, encryptionHeaders(context, customerKey)),
    },
    xml: resultDocument(context, object),
  };
}

/** The key may have changed hands while the upload ran, and look as it did before. */
function checkConflict({ request, bucket }: BucketContext, { before }: UploadRecord): void {
  const current = bucket.object(request.key)?.pieces[0].data;
  if (current === before) return;
  if (request.headers.has('if-match')) throw conditionalRequestConflict('If-Match', request.key);
  if (request.headers.has('if-none-match')) throw conditionalRequestConflict('If-None-Match', request.key);
}

/** The algorithm always; the key's MD5 only where the key came along. */
function completionHeaders(
  { settings }: BucketContext,
  { seal }: UploadRecord,
  ofRequest: Record<string, string>,
): Record<string, string> {
  if (seal === undefined || settings.sseC === 'ignore') return ofRequest;
  if (!settings.echo) return {};
  const { 'x-amz-server-side-encryption': _none, ...echo } = ofRequest;
  return { 'x-amz-server-side-encryption-customer-algorithm': 'AES256', ...echo };
}

function resultDocument({ request, bucket }: BucketContext, object: ObjectRecord): string {
  const { checksum } = object;
  // In the style that the request had.
  const path = percentEncode(request.pathBytes, '/');
  const elements = [
    element('Location', `https://${request.headers.get('host') ?? ''}${path}`),
    element('Bucket', bucket.name),
    element('Key', object.key),
    element('ETag', `"${object.etag}"`),
    checksum === undefined ? '' : element(checksumElement(checksum.algorithm), checksum.base64),
    checksum === undefined ? '' : element('ChecksumType', checksum.type),
  ];
  return `${xmlDeclaration}<CompleteMultipartUploadResult ${s3Namespace}>${elements.join('')}</CompleteMultipartUploadResult>`;
}
