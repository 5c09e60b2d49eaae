import { checksumElement } from '../checksum/checksum.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { copiedContent, readCopyRange } from './copied-content.ts';
import { copyEncryptionHeaders } from './copy-object.ts';
import {
  copySourceVersionHeader,
  findCopySource,
  readCopySource,
  readCopySourceKey,
  rejectUnwantedCopy,
} from './copy-source.ts';
import { rejectBlocked } from './encryption.ts';
import { checkPartKey, findUpload, readPartKey } from './multipart-upload.ts';
import { wholeSeconds } from './object-headers.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readPartNumber } from './part-number.ts';
import { storeContent } from './store-content.ts';

/**
 * A part whose bytes come from another object, or a range of one. Metadata and tags are the upload's.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
export async function uploadPartCopy(context: BucketContext): Promise<S3Response> {
  const { request, bucket, settings } = context;
  rejectUnwantedCopy(context);
  const number = readPartNumber(request);
  const name = readCopySource(request);
  if (settings.sseC !== 'ignore') rejectBlocked(context);
  const sourceKey = readCopySourceKey(context);
  const customerKey = readPartKey(context);
  const { record } = findUpload(context);
  checkPartKey(record, customerKey);
  const source = findCopySource(context, name, sourceKey);
  const range = readCopyRange(context, source);
  const read = copiedContent(source, range, record.checksum?.algorithm ?? 'crc64nvme');
  const part = await storeContent(context, customerKey, read, ({ piece, etag, checksum }) => {
    const placed = { ...piece, number, etag, lastModified: wholeSeconds(context.now), checksum };
    // It may have been completed or aborted while the source was read.
    bucket.uploads.putPart(findUpload(context), placed);
    return placed;
  });
  const elements = [
    element('LastModified', part.lastModified),
    element('ETag', `"${part.etag}"`),
    record.checksum === undefined
      ? ''
      : element(checksumElement(part.checksum.algorithm), part.checksum.base64),
  ];
  return {
    status: 200,
    headers: { ...copySourceVersionHeader(source), ...copyEncryptionHeaders(context, customerKey) },
    xml: `${xmlDeclaration}<CopyPartResult ${s3Namespace}>${elements.join('')}</CopyPartResult>`,
  };
}
