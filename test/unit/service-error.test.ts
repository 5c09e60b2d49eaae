import { S3ServiceException } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { type ErrorCode, SsecError } from '../../src/errors.ts';
import { redirectRegion, serviceAnswer } from '../../src/service-answer.ts';
import { type ServiceRequest, toSsecError } from '../../src/service-error.ts';

const P = 'Requests specifying Server Side Encryption with Customer provided keys must ';

type Operation = 'get' | 'get without key' | 'head' | 'head without key' | 'put' | 'bucket';

const REQUESTS: Readonly<Record<Operation, ServiceRequest>> = {
  get: { operation: 'GetObject', bucket: 'b', key: 'k', customerKeySent: true, endpoint: undefined },
  'get without key': {
    operation: 'GetObject',
    bucket: 'b',
    key: 'k',
    customerKeySent: false,
    endpoint: undefined,
  },
  head: { operation: 'HeadObject', bucket: 'b', key: 'k', customerKeySent: true, endpoint: undefined },
  'head without key': {
    operation: 'HeadObject',
    bucket: 'b',
    key: 'k',
    customerKeySent: false,
    endpoint: undefined,
  },
  put: { operation: 'PutObject', bucket: 'b', key: 'k', customerKeySent: true, endpoint: undefined },
  bucket: { operation: 'GetBucketEncryption', bucket: 'b', customerKeySent: false, endpoint: undefined },
};

/** An error as the SDK throws it for an answer with an XML body. */
function answered(status: number, code: string, message = '', headers: Record<string, string> = {}): Error {
  const error = new S3ServiceException({
    name: code,
    $fault: status < 500 ? 'client' : 'server',
    message,
    $metadata: { httpStatusCode: status, attempts: 1, requestId: 'REQUEST1' },
  });
  Object.assign(error, { Code: code });
  Object.defineProperty(error, '$response', { value: { headers, statusCode: status } });
  return error;
}

/** As the SDK throws it for HEAD, whose errors have no body. */
function bare(status: number): Error {
  const names: Readonly<Record<number, string>> = { 400: 'BadRequest', 403: 'Forbidden', 404: 'NotFound' };
  return new S3ServiceException({
    name: names[status] ?? 'Unknown',
    $fault: 'client',
    message: 'UnknownError',
    $metadata: { httpStatusCode: status, attempts: 1 },
  });
}

/** As the SDK throws it where a proxy or a load balancer answered with a page of its own. */
function page(status: number): Error {
  const error = new SyntaxError('char "m" is not expected');
  Object.defineProperty(error, '$response', { value: { statusCode: status, headers: {} } });
  return Object.assign(error, { $metadata: { httpStatusCode: status, attempts: 3 } });
}

type Row = readonly [what: string, operation: Operation, error: Error, code: ErrorCode];

const rows: readonly Row[] = [
  // reads: AWS says 403 for a wrong key, RGW 400; neither is known from the code
  [
    'AWS: no key',
    'get without key',
    answered(
      400,
      'InvalidRequest',
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
    ),
    'KEY_MISSING',
  ],
  ['RGW: no key, no message', 'get without key', answered(400, 'InvalidRequest'), 'KEY_MISSING'],
  ['RGW: no key, another code', 'get without key', answered(400, 'InvalidArgument'), 'KEY_MISSING'],
  ['HEAD: no key', 'head without key', bare(400), 'KEY_MISSING'],
  ['RGW: wrong key', 'get', answered(400, 'InvalidRequest'), 'KEY_MISMATCH'],
  ['RGW: wrong key, AccessDenied with 400', 'get', answered(400, 'AccessDenied'), 'KEY_MISMATCH'],
  [
    'AWS: wrong key, or no permission',
    'get',
    answered(403, 'AccessDenied', `${P}provide the correct secret key.`),
    'ACCESS_DENIED',
  ],
  ['HEAD: wrong key, or no permission', 'head', bare(403), 'ACCESS_DENIED'],
  [
    'no permission, no key',
    'get without key',
    answered(403, 'AccessDenied', 'Access Denied'),
    'ACCESS_DENIED',
  ],
  ['another 400 on a read is not the key', 'get', answered(400, 'KeyTooLongError'), 'SERVICE_REFUSED'],
  [
    'another 400 on a read without key is not the key',
    'get without key',
    answered(400, 'InvalidURI'),
    'SERVICE_REFUSED',
  ],
  [
    'missing object',
    'get',
    answered(404, 'NoSuchKey', 'The specified key does not exist.'),
    'OBJECT_NOT_FOUND',
  ],
  ['missing object, HEAD', 'head', bare(404), 'OBJECT_NOT_FOUND'],
  ['missing version', 'get', answered(404, 'NoSuchVersion'), 'OBJECT_NOT_FOUND'],
  ['archived', 'get', answered(403, 'InvalidObjectState'), 'OBJECT_ARCHIVED'],
  ['range', 'get', answered(416, 'InvalidRange'), 'USAGE'],
  ['not modified', 'get', bare(304), 'PRECONDITION_FAILED'],

  // writes
  [
    'blocked',
    'put',
    answered(
      403,
      'AccessDenied',
      'Access Denied. The bucket b has blocked upload requests that use Server Side Encryption with Customer provided keys (SSE-C).',
    ),
    'SSEC_BLOCKED',
  ],
  ['no permission', 'put', answered(403, 'AccessDenied', 'Access Denied'), 'ACCESS_DENIED'],
  [
    'SSE-C not known',
    'put',
    answered(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented'),
    'NOT_SUPPORTED',
  ],
  ['bad digest', 'put', answered(400, 'BadDigest'), 'CHECKSUM_MISMATCH'],
  ['bad checksum', 'put', answered(400, 'XAmzContentChecksumMismatch'), 'CHECKSUM_MISMATCH'],
  ['precondition', 'put', answered(412, 'PreconditionFailed'), 'PRECONDITION_FAILED'],
  ['race', 'put', answered(409, 'ConditionalRequestConflict'), 'PRECONDITION_FAILED'],
  ['too large', 'put', answered(400, 'EntityTooLarge'), 'SERVICE_REFUSED'],
  ['storage class', 'put', answered(400, 'InvalidStorageClass'), 'USAGE'],
  ['metadata', 'put', answered(400, 'MetadataTooLarge'), 'USAGE'],
  ['stalled body', 'put', answered(400, 'RequestTimeout'), 'TIMEOUT'],
  [
    'a 400 on a write is not the key',
    'put',
    answered(400, 'InvalidArgument', 'something'),
    'SERVICE_REFUSED',
  ],

  // buckets
  ['missing bucket', 'put', answered(404, 'NoSuchBucket'), 'BUCKET_NOT_FOUND'],
  ['missing bucket, no code', 'bucket', bare(404), 'BUCKET_NOT_FOUND'],
  ['bucket name', 'bucket', answered(400, 'InvalidBucketName'), 'SETTING_INVALID'],
  ['no permission on the bucket', 'bucket', answered(403, 'AccessDenied'), 'ACCESS_DENIED'],
  ['operation not known', 'bucket', answered(501, 'NotImplemented'), 'NOT_SUPPORTED'],
  ['operation not allowed', 'bucket', answered(405, 'MethodNotAllowed'), 'NOT_SUPPORTED'],

  // who and where
  ['expired', 'put', answered(400, 'ExpiredToken'), 'CREDENTIALS_EXPIRED'],
  ['expired, 403', 'get', answered(403, 'ExpiredToken'), 'CREDENTIALS_EXPIRED'],
  ['unknown key id', 'get', answered(403, 'InvalidAccessKeyId'), 'CREDENTIALS_INVALID'],
  ['wrong token', 'put', answered(400, 'InvalidToken'), 'CREDENTIALS_INVALID'],
  ['wrong secret', 'get', answered(403, 'SignatureDoesNotMatch'), 'CREDENTIALS_INVALID'],
  ['clock', 'get', answered(403, 'RequestTimeTooSkewed'), 'CLOCK_SKEW'],
  ['region', 'put', answered(400, 'AuthorizationHeaderMalformed'), 'WRONG_REGION'],
  [
    'an empty access key id',
    'put',
    answered(
      400,
      'AuthorizationHeaderMalformed',
      'a non-empty Access Key (AKID) must be provided in the credential.',
    ),
    'CREDENTIALS_INVALID',
  ],
  ['region, redirect', 'put', answered(301, 'PermanentRedirect'), 'WRONG_REGION'],
  ['region, HEAD', 'head', bare(301), 'WRONG_REGION'],
  ['redirect', 'put', answered(307, 'TemporaryRedirect'), 'WRONG_REGION'],

  // worth another try
  ['slow down', 'put', answered(503, 'SlowDown'), 'THROTTLED'],
  ['429', 'get', bare(429), 'THROTTLED'],
  ['500', 'get', answered(500, 'InternalError'), 'SERVICE_UNAVAILABLE'],
  ['503', 'put', answered(503, 'ServiceUnavailable'), 'SERVICE_UNAVAILABLE'],

  // pages of a proxy or a load balancer: the status alone speaks
  ['a page, 502', 'get', page(502), 'SERVICE_UNAVAILABLE'],
  ['a page, 403', 'put', page(403), 'ACCESS_DENIED'],
  ['a page, 404', 'get', page(404), 'OBJECT_NOT_FOUND'],
  ['a page, 413', 'put', page(413), 'SERVICE_REFUSED'],
];

describe('what S3 answered, and what we make of it', () => {
  test.each(rows)('%s (%s)', (_what, operation, error, code) => {
    const made = toSsecError(error, REQUESTS[operation]);
    expect(made.code).toBe(code);
    expect(made.cause).toMatchObject({ name: error.name, message: error.message });
    // under it hangs the request, with the key in its headers
    expect(made.cause).not.toHaveProperty('$response');
    expect(made.message).toMatch(/^[A-Z"s].*[.)]$/s);
    expect(made.message).not.toMatch(/undefined|\[object/);
  });

  test('what the server said goes into the context, not into the sentence', () => {
    const made = toSsecError(answered(403, 'AccessDenied', 'IGNORE ME\u001b[2J'), REQUESTS.put);
    expect(made.context).toEqual({
      status: 403,
      serviceCode: 'AccessDenied',
      serviceMessage: 'IGNORE ME\u001b[2J',
      requestId: 'REQUEST1',
    });
    expect([made.message, ...made.hints].join()).not.toContain('IGNORE ME');
  });

  test('an empty message, or one that repeats the code, is none', () => {
    expect(
      toSsecError(answered(403, 'AccessDenied', ''), REQUESTS.put).context['serviceMessage'],
    ).toBeUndefined();
    expect(
      toSsecError(answered(403, 'AccessDenied', 'AccessDenied'), REQUESTS.put).context['serviceMessage'],
    ).toBeUndefined();
  });

  test.each<[string, Operation, Error, RegExp]>([
    [
      'blocked',
      'put',
      answered(403, 'AccessDenied', 'x has blocked upload requests y'),
      /^allow it: ssec bucket allow-sse-c -b b$/m,
    ],
    ['permission of a put', 'put', answered(403, 'AccessDenied'), /s3:PutObject/],
    ['permission of a read', 'get', answered(403, 'AccessDenied'), /s3:GetObject.*s3:ListBucket/],
    ['permission on a bucket', 'bucket', answered(403, 'AccessDenied'), /s3:GetEncryptionConfiguration/],
    [
      'the region that the server names',
      'put',
      answered(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-3' }),
      /--region eu-west-3/,
    ],
  ])('hint: %s', (_what, operation, error, hint) => {
    expect(toSsecError(error, REQUESTS[operation]).hints.join('\n')).toMatch(hint);
  });

  test('hint: what is no name of a region is not repeated', () => {
    const error = answered(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'x; rm -rf ~' });
    expect(toSsecError(error, REQUESTS.put).hints).toEqual(["set the bucket's region: --region REGION"]);
  });

  test('one of our own passes as it is', () => {
    const error = new SsecError('FILE_CHANGED', 'x');
    expect(toSsecError(error, REQUESTS.put)).toBe(error);
  });
});

describe('no answer at all', () => {
  test.each<[string, Error, ErrorCode]>([
    ['interrupted', Object.assign(new Error('Request aborted'), { name: 'AbortError' }), 'CANCELLED'],
    [
      'no credentials',
      Object.assign(new Error('Could not load credentials from any providers'), {
        name: 'CredentialsProviderError',
      }),
      'CREDENTIALS_MISSING',
    ],
    [
      'SSO session ended',
      Object.assign(
        new Error(
          'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login',
        ),
        { name: 'CredentialsProviderError' },
      ),
      'CREDENTIALS_EXPIRED',
    ],
    [
      'token file',
      Object.assign(new Error('Token is expired.'), { name: 'TokenProviderError' }),
      'CREDENTIALS_EXPIRED',
    ],
    ['connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'NETWORK'],
    ['anything else', new TypeError('x is not a function'), 'INTERNAL'],
  ])('%s', (_what, error, code) => {
    expect(toSsecError(error, REQUESTS.put).code).toBe(code);
  });

  test('metadata without a status are no answer', () => {
    expect(serviceAnswer(Object.assign(new Error('x'), { $metadata: { attempts: 3 } }))).toBeUndefined();
    expect(serviceAnswer('text')).toBeUndefined();
  });
});

describe("the bucket's own region", () => {
  const there = { 'x-amz-bucket-region': 'eu-west-3' };
  test.each<[string, Error, string | undefined]>([
    ['301', answered(301, 'PermanentRedirect', '', there), 'eu-west-3'],
    ['307', answered(307, 'TemporaryRedirect', '', there), 'eu-west-3'],
    ['400 of the signature', answered(400, 'AuthorizationHeaderMalformed', '', there), 'eu-west-3'],
    [
      'in the body alone',
      Object.assign(answered(400, 'AuthorizationHeaderMalformed'), { Region: 'eu-west-3' }),
      'eu-west-3',
    ],
    ['not on a refusal', answered(403, 'AccessDenied', '', there), undefined],
    ['not on another 400', answered(400, 'InvalidRequest', '', there), undefined],
    ['not named', answered(301, 'PermanentRedirect'), undefined],
    [
      'no region name',
      answered(301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'evil.example/x' }),
      undefined,
    ],
    ['no answer', new Error('x'), undefined],
  ])('%s', (_what, error, region) => {
    expect(redirectRegion(error)).toBe(region);
  });
});
