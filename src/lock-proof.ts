import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { CustomerKey } from './keys/customer-key.ts';
import { formatObjectAddress } from './object-address.ts';
import type { ObjectHead } from './object-head.ts';
import { type ObjectVersion, versionField } from './object-version.ts';
import { refusalOfGet } from './read-refusal.ts';
import { serviceAnswer } from './service-answer.ts';
import { failureOf, isPlainRefusal } from './service-error.ts';

export interface LockProofOptions extends ObjectVersion {
  readonly client: SsecClient;
  /** What the right key has just opened, by the same credentials. */
  readonly head: ObjectHead;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Proves that an object opens under no other key than its own: S3 must refuse it without a key, and with one that was
 * made up for this. A refusal for another reason, or none at all, proves nothing.
 *
 * @throws SsecError KEY_IGNORED where S3 shows it, ACCESS_DENIED where these credentials may not ask without the key,
 *   NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */
export async function proveLocked(options: LockProofOptions): Promise<void> {
  await requireRefusal(options, undefined);
  await requireRefusal(options, CustomerKey.generate());
}

async function requireRefusal(
  options: LockProofOptions,
  customerKey: CustomerKey | undefined,
): Promise<void> {
  const { client, bucket, key, versionId, signal } = options;
  const error = await refusal(options, customerKey);
  signal?.throwIfAborted();
  if (error === undefined) throw isOpen(options, customerKey);
  const answer = serviceAnswer(error);
  // with a wrong key 403 on AWS and 400 on Ceph; the right one was just taken, so that it is no permission that lacks
  const statuses = customerKey === undefined ? [400] : [400, 403];
  if (answer !== undefined && statuses.includes(answer.status) && isPlainRefusal(answer)) return;
  if (customerKey === undefined && answer?.status === 403) throw mayNotAsk(options, error);
  const request = { operation: 'GetObject', bucket, key, versionId, endpoint: client.endpoint };
  throw failureOf(error, { ...request, customerKeySent: customerKey !== undefined }, signal);
}

/** Asks for a byte, whose refusal says why; of an empty object there is none to ask for. */
async function refusal(options: LockProofOptions, customerKey: CustomerKey | undefined): Promise<unknown> {
  const { client, bucket, key, versionId, head, signal } = options;
  if (head.size > 0) return refusalOfGet(client, { bucket, key, versionId, customerKey }, signal);
  const command = new HeadObjectCommand({
    Bucket: bucket,
    Key: key,
    ...versionField(options),
    ...customerKey?.requestFields(),
  });
  return client.send(command, { signal }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

function isOpen(options: LockProofOptions, customerKey: CustomerKey | undefined): SsecError {
  const door = customerKey === undefined ? 'without a key' : 'with a key that is not its own';
  return new SsecError(
    'KEY_IGNORED',
    `The server shows ${formatObjectAddress(options)} ${door}: it is not locked.`,
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
