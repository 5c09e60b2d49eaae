import type { S3Request } from '../http/s3-request.ts';
import { headerNotImplemented, noSuchKey, preconditionFailed } from '../s3-error.ts';
import type { ObjectRecord } from '../store/object-record.ts';

/** A condition on a write; judged before the body is read, and again when the object is put in place. */
export interface WriteCondition {
  check(current: ObjectRecord | undefined): void;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function readWriteCondition(request: S3Request): WriteCondition {
  const ifMatch = request.headers.get('if-match');
  const ifNoneMatch = request.headers.get('if-none-match');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw headerNotImplemented(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    );
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw valueNotImplemented('If-None-Match');
  if (ifMatch === '*') throw valueNotImplemented('If-Match');
  return {
    check(current) {
      if (ifNoneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match');
      if (ifMatch === undefined) return;
      if (current === undefined) throw noSuchKey(request.key);
      if (!isSameEtag(ifMatch, current.etag)) throw preconditionFailed('If-Match');
    },
  };
}

function valueNotImplemented(header: string) {
  return headerNotImplemented(header, `We don't accept the provided value of ${header} header for this API`);
}

/**
 * The four conditions of a read, in the order of RFC 9110, section 13.2.2: `not-modified` is answered with 304.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html
 */
export function checkReadConditions(
  request: S3Request,
  record: ObjectRecord,
  now: Date,
): 'proceed' | 'not-modified' {
  const modified = Date.parse(record.lastModified);
  const ifMatch = request.headers.get('if-match');
  const ifNoneMatch = request.headers.get('if-none-match');
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, record.etag)) throw preconditionFailed('If-Match');
  } else if (modified > date(request, 'if-unmodified-since', Number.POSITIVE_INFINITY)) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) return matches(ifNoneMatch, record.etag) ? 'not-modified' : 'proceed';
  const since = date(request, 'if-modified-since', Number.NEGATIVE_INFINITY);
  // S3 passes over a date that is still to come.
  return modified <= since && since <= now.getTime() ? 'not-modified' : 'proceed';
}

/**
 * The conditions on the source of a copy. A match outweighs that the source was modified since a date; of the other
 * two, either one fails the copy.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export function checkCopyConditions(request: S3Request, record: ObjectRecord, now: Date): void {
  const prefix = 'x-amz-copy-source-if-';
  const modified = Date.parse(record.lastModified);
  const match = request.headers.get(`${prefix}match`);
  const noneMatch = request.headers.get(`${prefix}none-match`);
  if (match !== undefined) {
    if (!matches(match, record.etag)) throw preconditionFailed('x-amz-copy-source-If-Match');
  } else if (modified > date(request, `${prefix}unmodified-since`, Number.POSITIVE_INFINITY)) {
    throw preconditionFailed('x-amz-copy-source-If-Unmodified-Since');
  }
  if (noneMatch !== undefined && matches(noneMatch, record.etag)) {
    throw preconditionFailed('x-amz-copy-source-If-None-Match');
  }
  const since = date(request, `${prefix}modified-since`, Number.NEGATIVE_INFINITY);
  if (modified <= since && since <= now.getTime()) {
    throw preconditionFailed('x-amz-copy-source-If-Modified-Since');
  }
}

function matches(header: string, etag: string): boolean {
  return header.split(',').some((part) => part.trim() === '*' || isSameEtag(part, etag));
}

/** Of a condition, with its quotes or without, and of an object. */
export function isSameEtag(given: string, etag: string): boolean {
  return given.trim().replace(/^"(.*)"$/, '$1') === etag;
}

/** A date that cannot be read is no condition. */
function date(request: S3Request, header: string, otherwise: number): number {
  const time = Date.parse(request.headers.get(header) ?? '');
  return Number.isNaN(time) ? otherwise : time;
}
