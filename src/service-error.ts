import { type ErrorCode, SsecError, systemErrorCode } from './errors.ts';
import { credentialsError } from './credentials-error.ts';
import { deniedBy } from './denied-by.ts';
import { networkError } from './network-error.ts';
import { formatObjectAddress } from './object-address.ts';
import { type ServiceAnswer, regionName, serviceAnswer } from './service-answer.ts';
import { shellWord } from './shell-word.ts';
import type { WriteCondition } from './write-condition.ts';

/** What was asked of S3 when it refused. */
export interface ServiceRequest {
  /** The operation in S3's own name. */
  readonly operation: string;
  readonly bucket: string;
  readonly key?: string;
  /** Which version of it; undefined = the current one. */
  readonly versionId?: string | undefined;
  /** Whether the three SSE-C headers went with it. */
  readonly customerKeySent: boolean;
  /** URL of the server; undefined = AWS. */
  readonly endpoint: string | undefined;
  /** MD5 of the customer key, where it may be shown. */
  readonly fingerprint?: string | undefined;
  /** As it was asked for. */
  readonly storageClass?: string | undefined;
  /** What of the object that stands there the write was made to depend on. */
  readonly condition?: WriteCondition | undefined;
  /** Whether tags went with it, which are a permission of their own. */
  readonly tagged?: boolean;
}

/** The phrase by which a blocked bucket is known (AmazonS3/latest/userguide/troubleshoot-403-errors.html). */
const BLOCKED_PHRASE = 'has blocked upload requests';

/**
 * Any failure of a request as one of our errors: by those codes of S3 that mean one thing wherever they come from,
 * else by status. Servers differ in codes and leave messages empty, so no sentence rests on S3's text.
 */
export function toSsecError(error: unknown, request: ServiceRequest): SsecError {
  if (error instanceof SsecError) return error;
  const answer = serviceAnswer(error);
  if (answer === undefined) return withoutAnswer(error, request);
  const { code, message, hints } = classify(answer, request);
  return new SsecError(code, message, {
    hints,
    cause: withoutRequest(error),
    context: {
      status: answer.status,
      serviceCode: answer.code,
      serviceMessage: answer.message === '' || answer.message === answer.code ? undefined : answer.message,
      requestId: answer.requestId,
      attempts: answer.attempts > 1 ? answer.attempts : undefined,
    },
  });
}

/**
 * The SDK hangs the whole response on its error, and under it the request with the customer key in its headers: an
 * error is logged and inspected by others, and none of that may be in it.
 */
function withoutRequest(error: unknown): unknown {
  if (!(error instanceof Error) || !('$response' in error)) return error;
  const { name, message, stack } = error;
  const { $metadata: metadata } = error as { $metadata?: unknown };
  const bare = new Error(message);
  Object.assign(bare, { name, $metadata: metadata });
  if (stack !== undefined) bare.stack = stack;
  return bare;
}

/** The same, where the caller may have aborted: then that is the news, whatever reason was given for it. */
export function failureOf(
  error: unknown,
  request: ServiceRequest,
  signal: AbortSignal | undefined,
): SsecError {
  if (signal?.aborted !== true) return toSsecError(error, request);
  const { reason } = signal as { reason: unknown };
  return reason instanceof SsecError && reason.code === 'CANCELLED'
    ? reason
    : new SsecError('CANCELLED', 'Interrupted.', { cause: reason });
}

interface Verdict {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hints: readonly string[];
}

function classify(answer: ServiceAnswer, request: ServiceRequest): Verdict {
  return (
    byCode(answer, request) ??
    byStatus(answer, request) ??
    noAnswerOfS3(answer, request) ?? {
      code: 'SERVICE_REFUSED',
      message: `S3 refused ${request.operation} of ${thing(request)} with HTTP ${answer.status}${answer.code === undefined ? '' : ` ${answer.code}`}.`,
      hints: [],
    }
  );
}

function wrongRegion(request: ServiceRequest, region: string | undefined): Verdict {
  return verdict(
    'WRONG_REGION',
    `The bucket "${request.bucket}" is not in the region that was asked.`,
    `set the bucket's region: --region ${region ?? 'REGION'}`,
  );
}

/** Codes that mean one thing whatever the status, on every server that was seen. */
function byCode(answer: ServiceAnswer, request: ServiceRequest): Verdict | undefined {
  const region = regionName(answer.headers['x-amz-bucket-region']);
  switch (answer.code) {
    case 'ExpiredToken':
    case 'ExpiredTokenException':
    case 'TokenRefreshRequired':
      return verdict(
        'CREDENTIALS_EXPIRED',
        'The credentials have expired.',
        'get new ones: aws sso login, or run the tool that lent them again',
      );
    case 'InvalidAccessKeyId':
    case 'InvalidToken':
    case 'InvalidClientTokenId':
      return verdict(
        'CREDENTIALS_INVALID',
        'S3 does not know these credentials.',
        'look at PROFILE or AWS_ACCESS_KEY_ID: are they for this server?',
      );
    case 'SignatureDoesNotMatch':
      return verdict(
        'CREDENTIALS_INVALID',
        'S3 says that the signature is wrong: the secret access key does not belong to the access key id.',
        'copy AWS_SECRET_ACCESS_KEY again, whole',
      );
    case 'RequestTimeTooSkewed':
      return verdict(
        'CLOCK_SKEW',
        "This machine's clock is more than 15 minutes away from the server's.",
        'set the clock (timedatectl set-ntp true)',
      );
    case 'AuthorizationHeaderMalformed':
      // mostly it is the region; S3 says so as well of an access key id that is empty or cut
      return region !== undefined || !/access key|credential/i.test(answer.message)
        ? wrongRegion(request, region)
        : verdict(
            'CREDENTIALS_INVALID',
            'S3 cannot read the credentials.',
            'look at AWS_ACCESS_KEY_ID: is it whole, and the id rather than the secret?',
          );
    case 'PermanentRedirect':
    case 'IllegalLocationConstraintException':
      return wrongRegion(request, region);
    case 'NoSuchBucket':
      return noSuchBucket(request);
    case 'NoSuchKey':
    case 'NoSuchVersion':
      return noSuchObject(request, answer);
    case 'NoSuchUpload':
      return verdict(
        'OBJECT_NOT_FOUND',
        `The upload of ${thing(request)} is not there any more: somebody aborted it, or a lifecycle rule did.`,
        'put it again',
      );
    case 'InvalidObjectState':
      return verdict(
        'OBJECT_ARCHIVED',
        `${thing(request)} is archived and must be restored before it can be read.`,
        'aws s3api restore-object ...',
      );
    case 'BadDigest':
    case 'XAmzContentSHA256Mismatch':
    case 'XAmzContentChecksumMismatch':
      return verdict(
        'CHECKSUM_MISMATCH',
        `What arrived for ${thing(request)} is not what was sent; S3 stored nothing.`,
        'send it again',
      );
    case 'InvalidRange':
      return verdict('USAGE', `The range lies outside of ${thing(request)}.`);
    case 'EntityTooLarge':
      return verdict('SERVICE_REFUSED', `${thing(request)} is larger than the server takes in one request.`);
    case 'InvalidStorageClass':
      return verdict(
        'USAGE',
        'S3 does not know that storage class.',
        'STANDARD, STANDARD_IA, INTELLIGENT_TIERING, GLACIER_IR, ... (a provider may know fewer)',
      );
    case 'InvalidBucketName':
      return verdict('SETTING_INVALID', `"${request.bucket}" is not a bucket name that the server takes.`);
    case 'InvalidTag':
      return verdict(
        'USAGE',
        'The server does not take these tags.',
        'S3 takes letters, digits, blanks and + - = . _ : / @ in them',
      );
    case 'MetadataTooLarge':
      return verdict('USAGE', 'The metadata are larger than the 2 KB that S3 takes.');
    case 'SlowDown':
    case 'Throttling':
    case 'ThrottlingException':
    case 'RequestLimitExceeded':
    case 'TooManyRequests':
      return throttled(answer);
    case 'RequestTimeout':
      return verdict('TIMEOUT', 'S3 waited for data that did not come.', 'try again');
    default:
      return undefined;
  }
}

function noAnswerOfS3({ status }: ServiceAnswer, request: ServiceRequest): Verdict | undefined {
  return status < 300
    ? verdict(
        'SERVICE_REFUSED',
        `The server did not answer ${request.operation} of ${thing(request)} as S3 does (HTTP ${status}).`,
        'look at the endpoint',
      )
    : undefined;
}

function byStatus(answer: ServiceAnswer, request: ServiceRequest): Verdict | undefined {
  const { status } = answer;
  if (request.versionId !== undefined) {
    const about = ofVersion(answer, request, request.versionId);
    if (about !== undefined) return about;
  }
  if (status >= 300 && status < 400) {
    return status === 304
      ? verdict('PRECONDITION_FAILED', `${thing(request)} was not modified.`)
      : verdict(
          'WRONG_REGION',
          `The server wants ${thing(request)} to be asked for elsewhere (HTTP ${status}); a redirect is never followed with a key.`,
          'set the region or the endpoint of the bucket',
        );
  }
  if (status === 400 && isRead(request) && !request.customerKeySent && isPlainRefusal(answer)) {
    return verdict(
      'KEY_MISSING',
      `${formatAddress(request)} is encrypted with a customer key, and none was given.`,
      'set SSE_CUSTOMER_KEY_BASE64 in .env to the key that it was put with, or pass --key-file FILE',
      'or put that key into the key ring, where get finds it: ssec keys add NAME --key-file FILE',
    );
  }
  if (status === 400 && isRead(request) && request.customerKeySent && isPlainRefusal(answer)) {
    return keyMismatch(request);
  }
  if (status === 400 && request.storageClass !== undefined && answer.code === 'InvalidArgument') {
    return verdict(
      'USAGE',
      `The server refused the put; it may not know the storage class ${request.storageClass}.`,
      'leave --storage-class away',
    );
  }
  if (status === 403) {
    if (answer.message.includes(BLOCKED_PHRASE)) return blocked(request);
    return deniedByPolicy(answer, request) ?? accessDenied(request);
  }
  if (status === 404) {
    // a write finds no bucket, or no S3 at all
    return request.key === undefined || !isRead(request)
      ? noSuchBucket(request)
      : noSuchObject(request, answer);
  }
  if (status === 409)
    return verdict(
      'PRECONDITION_FAILED',
      `Somebody else changed ${thing(request)} at the same moment.`,
      'try again',
    );
  if (status === 412)
    return verdict('PRECONDITION_FAILED', `${thing(request)} is not in the state that was asked for.`);
  if (status === 501 || status === 405) {
    if (request.condition === 'If-Match') {
      return verdict(
        'NOT_SUPPORTED',
        `The server does not ${request.customerKeySent ? 'do SSE-C, or does not ' : ''}know If-Match on ${request.operation}.`,
      );
    }
    if (request.condition === 'If-None-Match') {
      return verdict(
        'NOT_SUPPORTED',
        'The server does not do SSE-C, or does not know --no-overwrite.',
        'try it without --no-overwrite',
      );
    }
    return request.customerKeySent
      ? verdict(
          'NOT_SUPPORTED',
          'The server does not do SSE-C.',
          'use another provider, or encrypt before you upload (age, restic)',
        )
      : verdict('NOT_SUPPORTED', `The server does not know ${request.operation}.`);
  }
  if (status === 429) return throttled(answer);
  if (status >= 500)
    return verdict(
      'SERVICE_UNAVAILABLE',
      `The server failed (HTTP ${status}) on all ${answer.attempts} tries.`,
      'try again later',
    );
  return undefined;
}

/** The 400s that both AWS and RGW give where the customer key is the matter (or HEAD's, which has no code). */
export function isPlainRefusal(answer: ServiceAnswer): boolean {
  return (
    answer.code === undefined || ['InvalidRequest', 'InvalidArgument', 'AccessDenied'].includes(answer.code)
  );
}

/** S3 knows the object, and knows that the key is another. */
export function keyMismatch(request: ServiceRequest): Verdict {
  return verdict(
    'KEY_MISMATCH',
    `${formatAddress(request)} is encrypted with another key than the one given.`,
    ...(request.fingerprint === undefined ? [] : [`the MD5 of the key given is ${request.fingerprint}`]),
    'give the key that it was put with: --key-file FILE, or SSE_CUSTOMER_KEY_BASE64',
  );
}

/** The object is not encrypted with a customer key at all. */
export function keyNotNeeded(request: ServiceRequest): Verdict {
  return verdict(
    'KEY_NOT_NEEDED',
    `${formatAddress(request)} is not encrypted with a customer key.`,
    `get it without one: SSE_CUSTOMER_KEY_BASE64= ssec get ${shellWord(formatAddress(request))}`,
  );
}

export function accessDenied(request: ServiceRequest): Verdict {
  return isRead(request) && request.key !== undefined
    ? verdict(
        'ACCESS_DENIED',
        `You may not read ${formatAddress(request)} (or it does not exist: S3 hides that from whoever lacks s3:ListBucket).`,
        `ask for ${request.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'} on the object and s3:ListBucket on the bucket`,
      )
    : verdict(
        'ACCESS_DENIED',
        `You may not do ${request.operation} on ${thing(request)}.`,
        `ask for ${permission(request.operation)}${request.tagged === true ? ' and s3:PutObjectTagging, which tags need' : ''}${request.condition === 'If-Match' ? ' and s3:GetObject, which If-Match needs' : ''}`,
      );
}

/** A refusal that no permission of ours would change. */
function deniedByPolicy(answer: ServiceAnswer, request: ServiceRequest): Verdict | undefined {
  const denial = deniedBy(answer.message);
  if (denial === undefined) return undefined;
  const { kind, policy } = denial;
  const what = `${request.operation} on ${thing(request)}`;
  if (kind === 'implicit') {
    // then a permission of ours is what lacks
    if (policy === 'identity-based policy' || policy === 'resource-based policy') return undefined;
    return verdict(
      'ACCESS_DENIED',
      `No ${policy} allows ${what}.`,
      `ask whoever keeps that policy for ${permission(request.operation)}`,
    );
  }
  return policy === 'resource-based policy'
    ? verdict(
        'ACCESS_DENIED',
        `A bucket policy denies ${what}.`,
        `see what it says of SSE-C: ssec bucket show -b ${shellWord(request.bucket)}`,
      )
    : verdict(
        'ACCESS_DENIED',
        `${policy === 'identity-based policy' ? 'An' : 'A'} ${policy} denies ${what}.`,
        'ask whoever keeps that policy: a deny outweighs every permission',
      );
}

/** Where the IAM action is not called as the operation is (AmazonS3/latest/userguide/mpuoverview.html). */
const ACTIONS: Readonly<Record<string, string>> = {
  HeadObject: 's3:GetObject',
  CreateMultipartUpload: 's3:PutObject',
  UploadPart: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  CopyObject:
    's3:PutObject, s3:GetObject of its source, and for tags s3:GetObjectTagging and s3:PutObjectTagging',
  UploadPartCopy: 's3:PutObject, and s3:GetObject of its source',
  ListParts: 's3:ListMultipartUploadParts',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
  ListObjectsV2: 's3:ListBucket',
  ListObjectVersions: 's3:ListBucketVersions',
  HeadBucket: 's3:ListBucket',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration',
};

function permission(operation: string): string {
  if (operation.endsWith('BucketEncryption'))
    return `s3:${operation.replace('BucketEncryption', 'EncryptionConfiguration')}`;
  return ACTIONS[operation] ?? `s3:${operation}`;
}

export function blocked(request: Pick<ServiceRequest, 'bucket'>): Verdict {
  return verdict(
    'SSEC_BLOCKED',
    `The bucket "${request.bucket}" blocks SSE-C, which is AWS's default since April 2026.`,
    `allow it: ssec bucket allow-sse-c -b ${shellWord(request.bucket)}`,
  );
}

function noSuchBucket(request: ServiceRequest): Verdict {
  const where = request.endpoint === undefined ? '' : ` on ${request.endpoint}`;
  return verdict(
    'BUCKET_NOT_FOUND',
    `There is no bucket "${request.bucket}"${where}.`,
    'look at BUCKET_NAME, -b and the endpoint',
  );
}

function noSuchObject(request: ServiceRequest, answer: ServiceAnswer): Verdict {
  if (request.versionId !== undefined)
    return verdict(
      'OBJECT_NOT_FOUND',
      `There is no version ${request.versionId} of ${formatAddress(request)}.`,
      ...(answer.code === 'NoSuchVersion' ? [] : ['some servers answer so for a delete marker, too']),
    );
  return isDeleteMarker(answer)
    ? verdict(
        'OBJECT_NOT_FOUND',
        `There is no object ${formatAddress(request)}: it was deleted, and a delete marker stands in its place.`,
        'a version from before opens by its id: --version-id ID',
      )
    : verdict('OBJECT_NOT_FOUND', `There is no object ${formatAddress(request)}.`);
}

/** What is said of a version, and of no object. */
function ofVersion(answer: ServiceAnswer, request: ServiceRequest, versionId: string): Verdict | undefined {
  if (isRead(request) && (answer.status === 405 || isDeleteMarker(answer))) {
    return verdict(
      'OBJECT_NOT_FOUND',
      `Version ${versionId} of ${formatAddress(request)} is a delete marker: it says that the object was deleted, and holds nothing.`,
      'name the version before it; or take the marker away, and that version is the object again: ssec rm --version-id ID',
    );
  }
  if (answer.status !== 400 || answer.code !== 'InvalidArgument' || !/version id/i.test(answer.message))
    return undefined;
  return verdict('OBJECT_NOT_FOUND', `There is no version ${versionId} of ${formatAddress(request)}.`);
}

function isDeleteMarker(answer: ServiceAnswer): boolean {
  return answer.headers['x-amz-delete-marker'] === 'true';
}

function throttled(answer: ServiceAnswer): Verdict {
  return verdict('THROTTLED', `S3 asked to slow down on all ${answer.attempts} tries.`, 'try again later');
}

function withoutAnswer(error: unknown, request: ServiceRequest): SsecError {
  const name = error instanceof Error ? error.name : '';
  if (name === 'AbortError') return new SsecError('CANCELLED', 'Interrupted.', { cause: error });
  if (name.endsWith('ProviderError')) return credentialsError(error, undefined);
  const network = networkError(error, request.endpoint);
  if (network !== undefined) return network;
  const code = systemErrorCode(error);
  if (code === 'ERR_INVALID_CHAR') {
    // whatever else goes into a header was looked at before
    return new SsecError('CREDENTIALS_INVALID', 'The credentials hold a character that cannot be sent.', {
      hints: ['look for blanks and line ends around them'],
      cause: error,
    });
  }
  return new SsecError(
    'INTERNAL',
    `${request.operation} failed in an unexpected way${code === undefined ? '' : ` (${code})`}.`,
    {
      cause: error,
    },
  );
}

function isRead(request: ServiceRequest): boolean {
  return ['GetObject', 'HeadObject'].includes(request.operation);
}

function thing(request: ServiceRequest): string {
  return request.key === undefined ? `the bucket "${request.bucket}"` : formatAddress(request);
}

function formatAddress(request: ServiceRequest): string {
  return formatObjectAddress({ bucket: request.bucket, key: request.key ?? '' });
}

function verdict(code: ErrorCode, message: string, ...hints: string[]): Verdict {
  return { code, message, hints };
}
