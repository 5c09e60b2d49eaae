import { type Identity, authenticate } from '../auth/authenticate.ts';
import { withHeadersOfQuery, wrongRegionOfQuery } from '../auth/presigned-query.ts';
import { RequestBody } from '../body/request-body.ts';
import { requireNotDenied } from '../policy/require-not-denied.ts';
import { endExpiredUploads } from '../store/expired-uploads.ts';
import { getCallerIdentity } from '../sts/get-caller-identity.ts';
import type { RequestFaults } from '../faults/request-faults.ts';
import { queryParameter, type S3Request } from '../http/s3-request.ts';
import type { SandboxSettings } from '../sandbox-options.ts';
import { accessDenied, headerNotImplemented, noSuchBucket, notImplemented, S3Error } from '../s3-error.ts';
import { anySseCHeader } from '../sse-c/customer-key-headers.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Store } from '../store/store.ts';
import { accountId, objectArn, requireAllowed } from './account.ts';
import { rejectUnsupported } from './find-operation.ts';
import { requireKeyLength } from './key-length.ts';
import type { Operation, S3Response } from './operation.ts';

export interface RequestContext {
  readonly request: S3Request;
  readonly operation: Operation | undefined;
  readonly settings: SandboxSettings;
  readonly store: Store;
  readonly now: Date;
  readonly faults: RequestFaults;
  /** Begins to read the body. */
  readonly openBody: () => AsyncIterable<Buffer>;
}

/** Everything that is judged before an operation has its say, in S3's order. */
export async function answerRequest(context: RequestContext): Promise<S3Response> {
  const { operation, settings, store, now, faults } = context;
  if (operation?.on === 'sts') return getCallerIdentity(context);
  const identity = authenticate(context.request, settings, now);
  const request = identity.presigned ? withHeadersOfQuery(context.request) : context.request;
  if (operation === undefined) throw notImplemented(`${request.method} on ${describe(request)}`);
  const body = new RequestBody(request, identity, context.openBody);
  const bucket = request.bucket === undefined ? undefined : store.bucket(request.bucket);
  checkRegion(operation, identity, bucket, settings);
  const needsBucket = operation.on === 'bucket' || operation.on === 'object';
  if (needsBucket && bucket === undefined) throw noSuchBucket(request.bucket ?? '');
  if (settings.sseC === 'refuse') {
    const header = anySseCHeader(request);
    if (header !== undefined) throw headerNotImplemented(header);
  }
  rejectUnsupported(operation, request);
  checkOwner(request);
  const action = actionOf(operation, request);
  if (action !== undefined) {
    // an explicit deny outweighs that nothing allows
    if (bucket !== undefined) requireNotDenied(bucket, action, request);
    requireAllowed(settings, action, resourceArn(request));
  }
  requireKeyLength(request.key);
  const service = { request, identity, settings, store, body, now, faults };
  if (operation.on === 'service' || operation.on === 'new-bucket') return operation.answer(service);
  if (bucket === undefined) throw noSuchBucket(request.bucket ?? '');
  endExpiredUploads(bucket, now);
  return operation.answer({ ...service, bucket });
}

/**
 * One endpoint plays every region: a request signed for the bucket's region is served. Else the answer is that of
 * a regional endpoint (301) where the request was signed for the sandbox's own region, and that of a wrong
 * signature scope (400) where it was not.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
function checkRegion(
  operation: Operation,
  identity: Identity,
  bucket: Bucket | undefined,
  settings: SandboxSettings,
): void {
  // Whoever creates a bucket speaks to the endpoint, not to a bucket that may be there already.
  const expected = (operation.on === 'new-bucket' ? undefined : bucket?.settings.region) ?? settings.region;
  if (identity.region === expected) return;
  const isOwnRegion = identity.region === settings.region;
  // Where a bucket is may be asked from anywhere.
  if (isOwnRegion && operation.name === 'GetBucketLocation') return;
  const headers = bucket === undefined ? {} : { 'x-amz-bucket-region': expected };
  if (isOwnRegion && bucket !== undefined) {
    throw new S3Error(
      301,
      'PermanentRedirect',
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
      { Endpoint: `s3.${expected}.amazonaws.com`, Bucket: bucket.name },
      headers,
    );
  }
  if (identity.presigned) throw wrongRegionOfQuery(identity.region, expected, headers);
  throw new S3Error(
    400,
    'AuthorizationHeaderMalformed',
    `The authorization header is malformed; the region '${identity.region}' is wrong; expecting '${expected}'`,
    { Region: expected },
    headers,
  );
}

function checkOwner(request: S3Request): void {
  const owner = request.headers.get('x-amz-expected-bucket-owner');
  if (owner !== undefined && owner !== accountId) throw accessDenied();
}

function actionOf(operation: Operation, request: S3Request): string | undefined {
  const isOfVersion = queryParameter(request, 'versionId') !== undefined;
  return isOfVersion ? (operation.versionAction ?? operation.action) : operation.action;
}

function resourceArn(request: S3Request): string {
  if (request.bucket === undefined) return '*';
  return request.key === '' ? `arn:aws:s3:::${request.bucket}` : objectArn(request.bucket, request.key);
}

function describe(request: S3Request): string {
  if (request.bucket === undefined) return 'the service';
  return request.key === '' ? 'a bucket' : 'an object';
}
