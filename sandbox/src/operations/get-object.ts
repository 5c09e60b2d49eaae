import type { S3Request } from '../http/s3-request.ts';
import { S3Error } from '../s3-error.ts';
import type { ObjectChecksum, ObjectRecord } from '../store/object-record.ts';
import { type ByteRange, readByteRange } from './byte-range.ts';
import { checkReadConditions } from './conditions.ts';
import { encryptionHeaders } from './encryption.ts';
import { findObject, type FoundObject } from './find-object.ts';
import { objectContent } from './object-content.ts';
import { checksumHeaders, objectHeaders } from './object-headers.ts';
import { tagCountHeader } from './object-tagging.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readWantedPart, type WantedPart } from './part-number.ts';
import { versionHeaders } from './requested-version.ts';

interface Reading extends FoundObject {
  /** undefined: nothing of it is sent. */
  readonly bytes: ByteRange | undefined;
  readonly response: S3Response;
}

export function headObject(context: BucketContext): S3Response {
  return startReading(context).response;
}

export function getObject(context: BucketContext): S3Response {
  const { record, customerKey, bytes, response } = startReading(context);
  if (response.status === 304) return response;
  if (record.storageClass === 'GLACIER' || record.storageClass === 'DEEP_ARCHIVE') {
    throw new S3Error(
      403,
      'InvalidObjectState',
      "The operation is not valid for the object's storage class",
      { StorageClass: record.storageClass },
    );
  }
  if (bytes === undefined) return response;
  return { ...response, content: objectContent(context.bucket, record, customerKey?.bytes, bytes) };
}

/** After the key come the conditions, then the range or the part. */
function startReading(context: BucketContext): Reading {
  const { request } = context;
  const found = findObject(context);
  const { record, customerKey } = found;
  const headers = {
    ...objectHeaders(record),
    ...versionHeaders(context, record),
    ...tagCountHeader(context, record),
    ...encryptionHeaders(context, customerKey),
  };
  if (checkReadConditions(request, record, context.now) === 'not-modified') {
    const { ETag = '', 'Last-Modified': lastModified = '' } = headers;
    const response = { status: 304, headers: { ETag, 'Last-Modified': lastModified } };
    return { ...found, bytes: undefined, response };
  }
  const wanted = readWantedPart(request, record);
  const range =
    wanted === undefined ? readByteRange(wantedRange(request, headers), record.size) : wanted.range;
  const whole = wanted === undefined && record.size > 0 ? { first: 0, last: record.size - 1 } : undefined;
  const bytes = range ?? whole;
  headers['Content-Length'] = String(bytes === undefined ? 0 : bytes.last - bytes.first + 1);
  if (range !== undefined) headers['Content-Range'] = `bytes ${range.first}-${range.last}/${record.size}`;
  if (wanted?.part !== undefined) headers['x-amz-mp-parts-count'] = String(record.pieces.length);
  if (request.headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED') {
    Object.assign(headers, checksumHeaders(checksumOf(record, bytes, wanted)));
  }
  const status = range === undefined && wanted === undefined ? 200 : 206;
  return { ...found, bytes, response: { status, headers } };
}

/**
 * The part's own, or the whole object's where all of it is sent: with a range a client would hold it against the
 * wrong bytes.
 */
function checksumOf(
  record: ObjectRecord,
  bytes: ByteRange | undefined,
  wanted: WantedPart | undefined,
): ObjectChecksum | undefined {
  if (record.checksum === undefined) return undefined;
  if (wanted?.part !== undefined) {
    const { checksum } = wanted.part;
    return checksum && { ...checksum, type: record.checksum.type };
  }
  const length = bytes === undefined ? 0 : bytes.last - bytes.first + 1;
  return length === record.size ? record.checksum : undefined;
}

/** If-Range: a part only of the very object that the client has the rest of. */
function wantedRange(request: S3Request, headers: Readonly<Record<string, string>>): string | undefined {
  const validator = request.headers.get('if-range');
  const isSame =
    validator === undefined || validator === headers['ETag'] || validator === headers['Last-Modified'];
  return isSame ? request.headers.get('range') : undefined;
}
