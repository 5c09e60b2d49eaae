import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { accessDenied, notImplemented, S3Error } from '../s3-error.ts';
import { maxSkewMs, parseAmzDate } from './amz-date.ts';
import { parseCredential } from './credential-scope.ts';
import type { RequestSignature } from './request-signature.ts';
import { algorithm } from './sigv4.ts';

const maxExpiresSeconds = 7 * 24 * 60 * 60;

const signing = [
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Signature',
  'X-Amz-Date',
  'X-Amz-SignedHeaders',
  'X-Amz-Expires',
] as const;
/** Those that may be there besides. */
const optional = ['X-Amz-Security-Token', 'X-Amz-Content-Sha256'] as const;
const ofSignature: ReadonlySet<string> = new Set([...signing, ...optional]);

export function isPresigned({ query }: S3Request): boolean {
  return query.some(({ name }) => name === 'X-Amz-Algorithm' || name === 'X-Amz-Signature');
}

/**
 * Whoever made the URL signed its query and the headers that must come with it; of the body it says nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function readPresignedQuery(request: S3Request, service: 's3' | 'sts', now: Date): RequestSignature {
  const given = (name: (typeof signing)[number]) => {
    const value = queryParameter(request, name);
    if (value !== undefined && value !== '') return value;
    throw malformed(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    );
  };
  const values = new Map(signing.map((name) => [name, given(name)]));
  const value = (name: (typeof signing)[number]) => values.get(name) ?? '';
  if (value('X-Amz-Algorithm') === 'AWS4-ECDSA-P256-SHA256') throw notImplemented('Signature Version 4A');
  if (value('X-Amz-Algorithm') !== algorithm) {
    throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
  }
  const badCredential = (why: string) => malformed(`Error parsing the X-Amz-Credential parameter; ${why}`);
  const scope = parseCredential(value('X-Amz-Credential'), service, badCredential);
  const timestamp = value('X-Amz-Date');
  const time = parseAmzDate(timestamp);
  if (Number.isNaN(time)) {
    throw malformed(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`);
  }
  if (!timestamp.startsWith(scope.date)) {
    throw badCredential(
      `Invalid credential date "${scope.date}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    );
  }
  checkValidity(time, value('X-Amz-Expires'), now);
  return {
    ...scope,
    presigned: true,
    signedHeaders: value('X-Amz-SignedHeaders').split(';'),
    signature: value('X-Amz-Signature'),
    timestamp,
    query: request.query.filter(({ name }) => name !== 'X-Amz-Signature'),
    payloadHash:
      request.headers.get('x-amz-content-sha256') ??
      queryParameter(request, 'X-Amz-Content-Sha256') ??
      'UNSIGNED-PAYLOAD',
    sessionToken:
      queryParameter(request, 'X-Amz-Security-Token') ?? request.headers.get('x-amz-security-token'),
  };
}

/** From its date on, for so many seconds; a client's clock may be a little ahead. */
function checkValidity(time: number, seconds: string, now: Date): void {
  if (!/^-?\d{1,15}$/.test(seconds)) throw malformed('X-Amz-Expires should be a number');
  const expires = Number(seconds);
  if (expires < 0) throw malformed('X-Amz-Expires must be non-negative');
  if (expires > maxExpiresSeconds) {
    throw malformed(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${maxExpiresSeconds} seconds`,
    );
  }
  const end = time + expires * 1000;
  const fields = {
    'X-Amz-Expires': seconds,
    Expires: new Date(end).toISOString(),
    ServerTime: now.toISOString(),
  };
  if (time > now.getTime() + maxSkewMs) throw accessDenied('Request is not yet valid', fields);
  if (now.getTime() > end) throw accessDenied('Request has expired', fields);
}

/**
 * S3 reads `x-amz-*` of a presigned query as the headers of that name: SDKs put there what they would send as
 * headers. The customer key's are left where they are, and refused: AWS asks for them as headers, and what it does with
 * the others nobody has documented.
 */
export function withHeadersOfQuery(request: S3Request): S3Request {
  const headers = new Map(request.headers);
  const query = request.query.filter(({ name, value }) => {
    const header = name.toLowerCase();
    if (ofSignature.has(name)) return false;
    if (!header.startsWith('x-amz-') || header.includes('-server-side-encryption-customer-')) return true;
    if (!headers.has(header)) headers.set(header, value);
    return false;
  });
  return { ...request, headers, query };
}

export function wrongRegionOfQuery(
  given: string,
  expected: string,
  headers: Readonly<Record<string, string>>,
): S3Error {
  return malformed(
    `Error parsing the X-Amz-Credential parameter; the region '${given}' is wrong; expecting '${expected}'`,
    { Region: expected },
    headers,
  );
}

function malformed(
  why: string,
  fields: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): S3Error {
  return new S3Error(400, 'AuthorizationQueryParametersError', why, fields, headers);
}
