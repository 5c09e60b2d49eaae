import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { headObject } from './head-object.ts';
import { CustomerKey } from './keys/customer-key.ts';
import { formatObjectAddress } from './object-address.ts';
import type { ObjectHead } from './object-head.ts';
import { type ObjectVersion, versionField } from './object-version.ts';
import { refusalOfGet } from './read-refusal.ts';
import { serviceAnswer } from './service-answer.ts';
import { failureOf, isPlainRefusal } from './service-error.ts';

export interface LockProofOptions extends ObjectVersion {
  readonly client: SsecClient;
  /** The right key. */
  readonly customerKey: CustomerKey | undefined;
  /** What it has just opened, by the same credentials. */
  readonly head: ObjectHead;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Proves that an object opens under no other key than its own: S3 must refuse it without a key, and with one that was
 * made up for this. A refusal for another reason, or none at all, proves nothing.
 *
 * @throws SsecError KEY_IGNORED where S3 shows it, OBJECT_CHANGED, ACCESS_DENIED where these credentials may not ask without the key,
 *   NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */
export async function proveLocked(options: LockProofOptions): Promise<void> {
  await requireRefusal(options, undefined, 'without a key');
  await requireRefusal(options, CustomerKey.generate(), 'with a key that is not its own');
}

async function requireRefusal(
  options: LockProofOptions,
  foreign: CustomerKey | undefined,
  how: string,
): Promise<void> {
  const { client, bucket, key, versionId, signal } = options;
  const error = await refusal(options, foreign);
  signal?.throwIfAborted();
  if (error === undefined) {
    await requireUnchanged(options);
    throw isOpen(options, how);
  }
  const answer = serviceAnswer(error);
  // with a wrong key 403 on AWS and 400 on Ceph; the right one was just taken, so that it is no permission that lacks
  const statuses = foreign === undefined ? [400] : [400, 403];
  if (answer !== undefined && statuses.includes(answer.status) && isPlainRefusal(answer)) return;
  if (foreign === undefined && answer?.status === 403) throw mayNotAsk(options, error);
  const request = { operation: 'GetObject', bucket, key, versionId, endpoint: client.endpoint };
  throw failureOf(error, { ...request, customerKeySent: foreign !== undefined }, signal);
}

/** What is shown may be another object, put a moment ago. */
async function requireUnchanged(options: LockProofOptions): Promise<void> {
  const { head, ...object } = options;
  const now = await headObject(object);
  if (now.etag === head.etag && now.size === head.size) return;
  throw changedSince(head);
}

/** Asks for a byte, whose refusal says why; of an empty object there is none to ask for. */
async function refusal(options: LockProofOptions, foreign: CustomerKey | undefined): Promise<unknown> {
  const { client, bucket, key, versionId, head, signal } = options;
  if (head.size > 0) return refusalOfGet(client, { bucket, key, versionId, customerKey: foreign }, signal);
  const command = new HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    ...versionField(options),
    ...foreign?.requestFields(),
  });
  return client.send(command, { signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

function isOpen(options: LockProofOptions, how: string): SsecError {
  return new SsecError(
    'KEY_IGNORED',
    `The server shows ${formatObjectAddress(options)} ${how}: it is not locked.`,
    { hints: ['use a server that does SSE-C; docs/compatibility.md lists some'] },
  );
}

function mayNotAsk(options: LockProofOptions, cause: unknown): SsecError {
  return new SsecError(
    'ACCESS_DENIED',
    `Whether ${formatObjectAddress(options)} is locked cannot be told: these credentials may not ask for it without the key.`,
    {
      hints: ['a policy on the bucket may demand the key of every request; ask with other credentials'],
      cause,
    },
  );
}

/** Another one stands there than was asked for first. */
export function changedSince(head: ObjectHead): SsecError {
  return new SsecError('OBJECT_CHANGED', `${formatObjectAddress(head)} changed while it was verified.`, {
    hints: ['verify it again'],
  });
}
