import { queryParameter } from '../http/s3-request.ts';
import { invalidRequest, noSuchUpload } from '../s3-error.ts';
import {
  type CustomerKey,
  hasAllCustomerKeyHeaders,
  otherCustomerKey,
  readCustomerKey,
  rejectEncryptionHeader,
  requireSecure,
} from '../sse-c/customer-key-headers.ts';
import { opensSeal } from '../sse-c/object-cipher.ts';
import type { Upload, UploadRecord } from '../store/upload-record.ts';
import { rejectBlocked } from './encryption.ts';
import type { BucketContext } from './operation.ts';

export function findUpload({ request, bucket }: BucketContext): Upload {
  const uploadId = queryParameter(request, 'uploadId') ?? '';
  const upload = bucket.uploads.find(uploadId);
  if (upload === undefined || upload.record.key !== request.key) throw noSuchUpload(uploadId);
  return upload;
}

/** The key of UploadPart; `checkPartKey` judges it. */
export function readPartKey(context: BucketContext): CustomerKey | undefined {
  if (context.settings.sseC === 'ignore') return undefined;
  rejectBlocked(context);
  const key = readCustomerKey(context.request, 'part');
  rejectEncryptionHeader(context.request);
  return key;
}

export function checkPartKey({ seal }: UploadRecord, key: CustomerKey | undefined): void {
  if ((seal === undefined) !== (key === undefined)) {
    throw invalidRequest(
      'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.',
    );
  }
  if (seal !== undefined && key !== undefined && !opensSeal(seal, key.bytes)) {
    throw otherCustomerKey();
  }
}

/** CompleteMultipartUpload needs no key: S3 passes over one that is not given whole. */
export function readCompletionKey({ request, settings }: BucketContext): CustomerKey | undefined {
  if (settings.sseC === 'ignore') return undefined;
  requireSecure(request);
  return hasAllCustomerKeyHeaders(request) ? readCustomerKey(request, 'part') : undefined;
}

export function checkCompletionKey({ seal, checksum }: UploadRecord, key: CustomerKey | undefined): void {
  // Without a key there is nothing to say, unless checksums are part of it.
  const isRight =
    key === undefined
      ? seal === undefined || checksum === undefined
      : seal !== undefined && opensSeal(seal, key.bytes);
  if (isRight) return;
  throw invalidRequest(
    'The object was stored using a form of Server Side Encryption. Correct SSE-C request parameters are required for this request when specifying checksums for each part.',
  );
}

/** ListParts shows checksums of an SSE-C upload only to whoever has the key. */
export function checkListingKey(context: BucketContext, { seal, checksum }: UploadRecord): void {
  if (context.settings.sseC === 'ignore') return;
  const key = readCustomerKey(context.request, 'read');
  if (key !== undefined && seal === undefined) {
    throw invalidRequest('The encryption parameters are not applicable to this object.');
  }
  if (seal === undefined) return;
  if (key === undefined && checksum !== undefined) {
    throw invalidRequest(
      'To retrieve Part Checksum data requests must include appropriate encryption parameters.',
    );
  }
  if (key !== undefined && !opensSeal(seal, key.bytes)) {
    throw otherCustomerKey();
  }
}
