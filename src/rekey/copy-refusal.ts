import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { type ErrorCode, SsecError, withHints } from '../errors.ts';
import { formatObjectAddress } from '../object-address.ts';
import { versionField } from '../object-version.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type ServiceRequest, failureOf } from '../service-error.ts';
import { isPassing } from '../transfer/attempts.ts';
import { explainWriteRefusal } from '../write-refusal.ts';
import { unmetCondition } from '../write-condition.ts';
import { findOurs } from '../write-proof.ts';
import { changedMeanwhile, throughClientInstead } from './rekey-errors.ts';
import { isSameObject } from './rekey-proof.ts';
import { type Rekeying, trialOf } from './rekeying.ts';

/**
 * Why a copy failed, or that it did not: an answer that was lost, or came to the second of two equal requests, stands
 * for a copy that is there.
 *
 * The statuses alone tell little: a server that cannot copy between keys says 501 or 400, and so does one whose object
 * somebody else has rekeyed meanwhile. So the source is asked once more, under the key that opened it before.
 *
 * @param wasRepeated whether it was sent before, and nobody heard an answer
 * @returns the copy's version where it is there
 */
export async function explainCopyRefusal(
  rekeying: Rekeying,
  error: unknown,
  operation: 'CopyObject' | 'UploadPartCopy' | 'CompleteMultipartUpload',
  wasRepeated = false,
): Promise<SsecError | { readonly versionId: string | undefined }> {
  const { client, target, to, signal } = rekeying;
  const request: ServiceRequest = {
    operation,
    ...target,
    customerKeySent: to !== undefined,
    endpoint: client.endpoint,
  };
  const failure = patiently(failureOf(error, request, signal));
  if (signal?.aborted === true || OF_THE_CALLER.has(failure.code)) return failure;
  const answer = serviceAnswer(error);
  const status = answer?.status;
  if (mayBeOurs(failure, status, wasRepeated || (answer?.attempts ?? 1) > 1)) {
    const there = await findCopy(rekeying).catch((cause: unknown) => failureOf(cause, request, signal));
    if (there instanceof SsecError) return isPassing(failure) ? failure : there;
    if (there !== undefined) return { versionId: there.VersionId };
  }
  if (status === 403) {
    if (failure.code === 'OBJECT_ARCHIVED') return failure;
    // whoever changed its key meanwhile made the old one a wrong one
    if (rekeying.from !== undefined && failure.code !== 'SSEC_BLOCKED' && !(await isUnchanged(rekeying)))
      return changedMeanwhile(rekeying, error);
    return explainWriteRefusal(client, error, request, signal);
  }
  if (status === undefined || ![400, 404, 409, 412, 501].includes(status)) return failure;
  if (!(await isUnchanged(rekeying))) return changedMeanwhile(rekeying, error);
  if (status === 412 && rekeying.noOverwrite)
    return unmetCondition({ ...target, noOverwrite: true }, error, failure.context);
  if (status === 409 || status === 412 || status === 404) return failure;
  if (status === 400 && !CANNOT.has(serviceAnswer(error)?.code ?? '')) return failure;
  return trialOf(rekeying).isProved
    ? refusedThisOne(rekeying, error, operation, status)
    : cannotCopy(rekeying, error, operation, status);
}

/** S3 sends a blank now and then while it copies; others may be silent until they are done. */
function patiently(failure: SsecError): SsecError {
  if (failure.code !== 'TIMEOUT') return failure;
  return withHints(failure, ['some servers copy large objects in silence: --timeout 600']);
}

/** Refusals that have nothing to do with the object; what a HEAD would be answered then says nothing of it. */
const OF_THE_CALLER: ReadonlySet<ErrorCode> = new Set([
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_INVALID',
  'CREDENTIALS_MISSING',
  'CLOCK_SKEW',
  'BUCKET_NOT_FOUND',
]);

/** Codes with which servers refuse a copy that they cannot do. */
const CANNOT: ReadonlySet<string> = new Set(['InvalidRequest', 'InvalidArgument', '']);

/** Whether the request may have done its work all the same; what others did is not told as ours. */
function mayBeOurs(failure: SsecError, status: number | undefined, wasRepeated: boolean): boolean {
  if (isPassing(failure)) return true;
  // the second of two equal requests meets the first one's work
  return wasRepeated && status !== undefined && [400, 403, 404, 409, 412].includes(status);
}

/** The copy, where it stands there: under the new key, with what the source had, and not the source itself. */
async function findCopy(rekeying: Rekeying): Promise<HeadObjectCommandOutput | undefined> {
  const { client, target, to, head, from, signal } = rekeying;
  // out of SSE-C nothing but the encryption tells the two apart, and of plain objects not even that
  if (to === undefined && from === undefined) return undefined;
  const write = { client, ...target, customerKey: to, signal };
  return findOurs(write, head.ContentLength ?? 0, (found) => isSameObject(found, rekeying));
}

/** Whether the source is still the one that was looked at. */
export async function isUnchanged({ client, source, from, head, signal }: Rekeying): Promise<boolean> {
  try {
    const now = await client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({
        Bucket: source.bucket,
        Key: source.key,
        ...versionField(source),
        ...from?.requestFields(),
      }),
      { signal, bulk: true },
    );
    return now.ETag === head.ETag;
  } catch (error) {
    const status = serviceAnswer(error)?.status;
    if (status !== undefined && [400, 403, 404].includes(status)) return false;
    throw failureOf(
      error,
      { operation: 'HeadObject', ...source, customerKeySent: from !== undefined, endpoint: client.endpoint },
      signal,
    );
  }
}

/** It has copied others. */
function refusedThisOne(rekeying: Rekeying, cause: unknown, operation: string, status: number): SsecError {
  const answer = serviceAnswer(cause);
  const why = [answer?.code, answer?.message].filter((word) => word !== undefined && word !== '').join(': ');
  return new SsecError(
    'SERVICE_REFUSED',
    `The server refused ${operation} of ${formatObjectAddress(rekeying.source)} (HTTP ${status}${why === '' ? '' : ` ${why}`}).`,
    { hints: ['it copied others; this one may go with --through-client'], cause, context: { status } },
  );
}

function cannotCopy(rekeying: Rekeying, cause: unknown, operation: string, status: number): SsecError {
  return throughClientInstead(
    new SsecError(
      'NOT_SUPPORTED',
      `The server cannot copy between customer keys: it refused ${operation} of ${formatObjectAddress(rekeying.source)}, which it reads (HTTP ${status}).`,
      { cause, context: { status, serviceCode: serviceAnswer(cause)?.code } },
    ),
  );
}
