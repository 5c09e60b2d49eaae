import { createReadStream } from 'node:fs';
import { checksumHeader } from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { invalidRequest, noSuchKey, S3Error } from '../s3-error.ts';
import {
  type CustomerKey,
  readCustomerKey,
  rejectEncryptionOnRead,
  wrongCustomerKey,
} from '../sse-c/customer-key-headers.ts';
import { openObject, opensSeal } from '../sse-c/object-cipher.ts';
import type { ObjectRecord } from '../store/object-record.ts';
import { requireAllowed } from './account.ts';
import { type ByteRange, readByteRange } from './byte-range.ts';
import { checkReadConditions } from './conditions.ts';
import { encryptionHeaders } from './encryption.ts';
import { objectHeaders } from './object-headers.ts';
import type { BucketContext, S3Response } from './operation.ts';

const readBytes = 256 * 1024;

interface Found {
  readonly record: ObjectRecord;
  readonly customerKey: CustomerKey | undefined;
  readonly range?: ByteRange | undefined;
  readonly response: S3Response;
}

export function headObject(context: BucketContext): S3Response {
  return findObject(context).response;
}

export function getObject(context: BucketContext): S3Response {
  const { record, customerKey, range, response } = findObject(context);
  if (response.status === 304) return response;
  if (record.storageClass === 'GLACIER' || record.storageClass === 'DEEP_ARCHIVE') {
    throw new S3Error(
      403,
      'InvalidObjectState',
      "The operation is not valid for the object's storage class",
      { StorageClass: record.storageClass },
    );
  }
  if (record.size === 0) return response;
  const { first, last } = range ?? { first: 0, last: record.size - 1 };
  const file = createReadStream('', {
    fd: context.bucket.openData(record),
    start: first,
    end: last,
    highWaterMark: readBytes,
  });
  const isSealed = record.seal !== undefined && customerKey !== undefined;
  return {
    ...response,
    content: isSealed ? [file, openObject(record.seal, customerKey.bytes, first)] : [file],
  };
}

/** Argument errors, then existence, then the key, then conditions, then the range. */
function findObject(context: BucketContext): Found {
  const { request, bucket } = context;
  const customerKey = readKey(context);
  const record = bucket.object(request.key);
  if (record === undefined) {
    // S3 hides what is not there from whoever may not list.
    requireAllowed(context.settings, 's3:ListBucket', `arn:aws:s3:::${bucket.name}`);
    throw noSuchKey(request.key);
  }
  requireRightKey(record, customerKey);
  const headers = { ...objectHeaders(record), ...encryptionHeaders(context, customerKey) };
  if (checkReadConditions(request, record) === 'not-modified') {
    const { ETag = '', 'Last-Modified': lastModified = '' } = headers;
    return {
      record,
      customerKey,
      response: { status: 304, headers: { ETag, 'Last-Modified': lastModified } },
    };
  }
  const range = readByteRange(wantedRange(request, headers), record.size);
  const { first, last } = range ?? { first: 0, last: record.size - 1 };
  headers['Content-Length'] = String(last - first + 1);
  if (range !== undefined) headers['Content-Range'] = `bytes ${first}-${last}/${record.size}`;
  // The checksum is the whole object's: on a part of it a client would hold it against the wrong bytes.
  const isWhole = last - first + 1 === record.size;
  if (isWhole && request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    headers[checksumHeader(record.checksum.algorithm)] = record.checksum.base64;
    headers['x-amz-checksum-type'] = 'FULL_OBJECT';
  }
  return { record, customerKey, range, response: { status: range === undefined ? 200 : 206, headers } };
}

/** If-Range: a part only of the very object that the client has the rest of. */
function wantedRange(request: S3Request, headers: Readonly<Record<string, string>>): string | undefined {
  const validator = request.headers.get('if-range');
  const isSame =
    validator === undefined || validator === headers['ETag'] || validator === headers['Last-Modified'];
  return isSame ? request.headers.get('range') : undefined;
}

function readKey({ request, settings }: BucketContext): CustomerKey | undefined {
  if (settings.sseC === 'ignore') return undefined;
  const key = readCustomerKey(request, 'read');
  rejectEncryptionOnRead(request);
  return key;
}

function requireRightKey(record: ObjectRecord, key: CustomerKey | undefined): void {
  if (record.seal === undefined) {
    if (key === undefined) return;
    throw invalidRequest('The encryption parameters are not applicable to this object.');
  }
  if (key === undefined) {
    throw invalidRequest(
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    );
  }
  if (!opensSeal(record.seal, key.bytes)) throw wrongCustomerKey();
}
