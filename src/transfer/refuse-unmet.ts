import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { ErrorCode } from '../errors.ts';
import type { PutObjectOptions } from '../put-request.ts';
import { refusalOfGet } from '../read-refusal.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type ServiceRequest, toSsecError } from '../service-error.ts';
import { unmetCondition } from '../write-condition.ts';
import { headOf } from '../write-proof.ts';
import { unquoted } from './uploaded-parts.ts';

/**
 * Looks whether the condition of an upload holds, before it begins and before it ends. Where the look does not tell,
 * the condition on the write has the last word.
 *
 * @throws SsecError TARGET_EXISTS, OBJECT_CHANGED, OBJECT_NOT_FOUND
 */
export async function refuseUnmet(options: PutObjectOptions): Promise<void> {
  if (options.noOverwrite === true) return refuseExisting(options);
  if (options.ifMatch !== undefined) return refuseChanged(options, options.ifMatch);
}

async function refuseExisting(options: PutObjectOptions): Promise<void> {
  try {
    await headOf(options);
  } catch (error) {
    const status = serviceAnswer(error)?.status;
    // 403: we may not know
    if (status === 404 || status === 403) return;
    const keySent = options.customerKey !== undefined;
    if (status !== 400) throw toSsecError(error, requestOf(options, 'HeadObject', keySent));
    // most often an object that has another key; but expired credentials are 400 as well
    const refused = await refusalOfGet(options.client, options, options.signal);
    const failure =
      refused === undefined ? undefined : toSsecError(refused, requestOf(options, 'GetObject', keySent));
    if (failure !== undefined && !ANSWERS_OF_AN_OBJECT.has(failure.code)) throw failure;
  }
  throw unmetCondition(options);
}

/** Refusals that only an object which is there can give. */
const ANSWERS_OF_AN_OBJECT: ReadonlySet<ErrorCode> = new Set([
  'KEY_MISMATCH',
  'KEY_NOT_NEEDED',
  'KEY_MISSING',
]);

/**
 * Asked without a key, since the object may stand under another one than it is to have: then a server that judges the
 * condition first (RGW 16) says 412, and one that judges the key first says 400 and leaves it open.
 */
async function refuseChanged(options: PutObjectOptions, etag: string): Promise<void> {
  const { client, bucket, key, signal } = options;
  let head: HeadObjectCommandOutput;
  try {
    head = await client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({ Bucket: bucket, Key: key, IfMatch: `"${unquoted(etag)}"` }),
      { signal },
    );
  } catch (error) {
    const answer = serviceAnswer(error);
    if (answer?.status === 400 || answer?.status === 403) return;
    const failure = toSsecError(error, requestOf(options, 'HeadObject', false));
    throw answer?.status === 412 ? unmetCondition(options, failure.cause, failure.context) : failure;
  }
  if (head.ETag !== undefined && unquoted(head.ETag) !== unquoted(etag)) throw unmetCondition(options);
}

function requestOf(
  { client, bucket, key }: PutObjectOptions,
  operation: string,
  customerKeySent: boolean,
): ServiceRequest {
  return { operation, bucket, key, customerKeySent, endpoint: client.endpoint };
}
