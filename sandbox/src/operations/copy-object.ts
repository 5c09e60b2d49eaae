import { checksumElement } from '../checksum/checksum.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import type { CustomerKey } from '../sse-c/customer-key-headers.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { objectArn, requireAllowed } from './account.ts';
import { readChecksumAlgorithm } from './checksum-algorithm.ts';
import { readWriteCondition } from './conditions.ts';
import { copiedContent, wholeObject } from './copied-content.ts';
import { describeCopy, readCopyDirectives, requireChange } from './copy-directives.ts';
import {
  copySourceVersionHeader,
  findCopySource,
  readCopySource,
  readCopySourceKey,
  rejectUnwantedCopy,
} from './copy-source.ts';
import { customerKeyForWrite, encryptionHeaders, rejectBlocked } from './encryption.ts';
import { readStorageClass, requirePrivateAcl, wholeSeconds } from './object-headers.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { newVersionHeaders } from './requested-version.ts';
import { storeContent } from './store-content.ts';

/**
 * The copy is an object of its own, under the key of the target's headers or none: never under the source's.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export async function copyObject(context: BucketContext): Promise<S3Response> {
  const { request, bucket, settings } = context;
  rejectUnwantedCopy(context);
  const name = readCopySource(request);
  const storageClass = readStorageClass(request);
  const directives = readCopyDirectives(request);
  const algorithm = readChecksumAlgorithm(request);
  if (settings.sseC !== 'ignore') rejectBlocked(context, 's3:CopyObject');
  const sourceKey = readCopySourceKey(context);
  const customerKey = customerKeyForWrite(context, 's3:CopyObject');
  requirePrivateAcl(request);
  const condition = readWriteCondition(request);
  // To compare an ETag is to read it.
  if (request.headers.has('if-match')) {
    requireAllowed(settings, 's3:GetObject', objectArn(bucket.name, request.key));
  }
  const source = findCopySource(context, name, sourceKey);
  const range = wholeObject(source);
  requireChange(context, source, directives);
  const described = describeCopy(context, source, directives);
  condition.check(bucket.object(request.key));

  // A checksum of the whole even where the source's was one of its parts' checksums: the copy has no parts.
  const kept = algorithm ?? source.record.checksum?.algorithm;
  const target = settings.copies === 'ignore' ? undefined : customerKey;
  const read = copiedContent(source, range, kept ?? 'crc64nvme');
  const record = await storeContent(context, target, read, ({ piece, etag, checksum }) => {
    condition.check(bucket.object(request.key));
    return bucket.put({
      key: request.key,
      size: piece.size,
      etag,
      lastModified: wholeSeconds(context.now),
      storageClass,
      ...(kept === undefined ? {} : { checksum: { ...checksum, type: 'FULL_OBJECT' } }),
      ...described,
      pieces: [piece],
    });
  });
  return {
    status: 200,
    headers: {
      ...newVersionHeaders(record),
      ...copySourceVersionHeader(source),
      ...copyEncryptionHeaders(context, customerKey),
    },
    xml: resultDocument(record),
  };
}

/** A server that passed over the target's key has nothing to say of it. */
export function copyEncryptionHeaders(
  context: BucketContext,
  customerKey: CustomerKey | undefined,
): Record<string, string> {
  const isSilent = context.settings.copies === 'ignore' && customerKey !== undefined;
  return isSilent ? {} : encryptionHeaders(context, customerKey);
}

function resultDocument({ lastModified, etag, checksum }: ObjectRecord): string {
  const elements = [
    element('LastModified', lastModified),
    element('ETag', `"${etag}"`),
    checksum === undefined ? '' : element(checksumElement(checksum.algorithm), checksum.base64),
    checksum === undefined ? '' : element('ChecksumType', checksum.type),
  ];
  return `${xmlDeclaration}<CopyObjectResult ${s3Namespace}>${elements.join('')}</CopyObjectResult>`;
}
