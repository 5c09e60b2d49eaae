import type { S3Request } from '../http/s3-request.ts';
import { accessDenied, notImplemented, S3Error } from '../s3-error.ts';
import { formatAmzDate, maxSkewMs, parseAmzDate } from './amz-date.ts';
import { parseCredential } from './credential-scope.ts';
import type { RequestSignature } from './request-signature.ts';
import { algorithm } from './sigv4.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html */
export function readAuthorizationHeader(
  request: S3Request,
  header: string,
  service: 's3' | 'sts',
  now: Date,
): RequestSignature {
  if (header.startsWith('AWS4-ECDSA-P256-SHA256')) throw notImplemented('Signature Version 4A');
  if (!header.startsWith(algorithm)) {
    throw new S3Error(
      400,
      'InvalidRequest',
      `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`,
    );
  }
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length).split(',')) {
    const [name = '', ...value] = part.trim().split('=');
    parts.set(name, value.join('='));
  }
  const credential = required(parts, 'Credential');
  const signedHeaders = required(parts, 'SignedHeaders').split(';');
  const signature = required(parts, 'Signature');
  const scope = parseCredential(credential, service, malformed);
  return {
    ...scope,
    presigned: false,
    signedHeaders,
    signature,
    timestamp: requestTime(request, scope.date, now),
    query: request.query,
    payloadHash: request.headers.get('x-amz-content-sha256'),
    sessionToken: request.headers.get('x-amz-security-token'),
  };
}

function required(parts: ReadonlyMap<string, string>, name: string): string {
  const value = parts.get(name);
  if (value === undefined || value === '') {
    throw malformed(
      'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    );
  }
  return value;
}

function requestTime({ headers }: S3Request, credentialDate: string, now: Date): string {
  const amzDate = headers.get('x-amz-date');
  const time = amzDate === undefined ? Date.parse(headers.get('date') ?? '') : parseAmzDate(amzDate);
  if (Number.isNaN(time)) {
    throw accessDenied('AWS authentication requires a valid Date or x-amz-date header');
  }
  if (Math.abs(now.getTime() - time) > maxSkewMs) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
      {
        RequestTime: amzDate ?? new Date(time).toISOString(),
        ServerTime: now.toISOString(),
        MaxAllowedSkewMilliseconds: String(maxSkewMs),
      },
    );
  }
  const timestamp = formatAmzDate(time);
  if (!timestamp.startsWith(credentialDate)) {
    throw malformed(
      `Invalid credential date "${credentialDate}". This date is not the same as X-Amz-Date: "${timestamp.slice(0, 8)}".`,
    );
  }
  return timestamp;
}

function malformed(why: string): S3Error {
  return new S3Error(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}`);
}
