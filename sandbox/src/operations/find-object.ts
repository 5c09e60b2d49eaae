import type { CustomerKey } from '../sse-c/customer-key-headers.ts';
import { invalidRequest, type S3Error } from '../s3-error.ts';
import { readCustomerKey, rejectEncryptionHeader, wrongCustomerKey } from '../sse-c/customer-key-headers.ts';
import { opensSeal } from '../sse-c/object-cipher.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import type { BucketContext } from './operation.ts';
import { requestedVersion } from './requested-version.ts';

export interface FoundObject {
  readonly record: ObjectRecord;
  readonly customerKey: CustomerKey | undefined;
}

/** The object of a read, once the key is the right one: argument errors, then existence, then the key. */
export function findObject(context: BucketContext): FoundObject {
  const customerKey = readKey(context);
  const record = requestedVersion(context, 'read');
  requireRightKey(record, customerKey, wrongCustomerKey);
  return { record, customerKey };
}

function readKey({ request, settings }: BucketContext): CustomerKey | undefined {
  if (settings.sseC === 'ignore') return undefined;
  const key = readCustomerKey(request, 'read');
  rejectEncryptionHeader(request);
  return key;
}

/** `refusal` is what is said of another key than the object's. */
export function requireRightKey(
  record: ObjectRecord,
  key: CustomerKey | undefined,
  refusal: () => S3Error,
): void {
  const [{ seal }] = record.pieces;
  if (seal === undefined) {
    if (key === undefined) return;
    throw invalidRequest('The encryption parameters are not applicable to this object.');
  }
  if (key === undefined) {
    throw invalidRequest(
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  }
  if (!opensSeal(seal, key.bytes)) throw refusal();
}
