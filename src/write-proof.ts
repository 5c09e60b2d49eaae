import { DeleteObjectCommand, HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { type CustomerKey, SSE_CUSTOMER_ALGORITHM } from './keys/customer-key.ts';
import { type ObjectAddress, formatObjectAddress } from './object-address.ts';
import { failureOf } from './service-error.ts';
import { shellWord } from './shell-word.ts';
import { isResumable } from './transfer/attempts.ts';

/** A write that has to be proved. */
export interface Write extends ObjectAddress {
  readonly client: SsecClient;
  readonly customerKey: CustomerKey;
  readonly signal?: AbortSignal | undefined;
}

/** Whether an answer proves that the server used this key. */
export function echoes(
  output: {
    readonly SSECustomerAlgorithm?: string | undefined;
    readonly SSECustomerKeyMD5?: string | undefined;
  },
  key: CustomerKey,
): boolean {
  return output.SSECustomerAlgorithm === SSE_CUSTOMER_ALGORITHM && output.SSECustomerKeyMD5 === key.md5;
}

/**
 * What stands under the address now, asked with the key.
 *
 * @param version the one that a write returned, so that somebody else's is not taken for it
 */
export function headOf(write: Write, version?: string): Promise<HeadObjectCommandOutput> {
  const { client, bucket, key, customerKey, signal } = write;
  return client.send<HeadObjectCommandOutput>(
    new HeadObjectCommand({
      Bucket: bucket,
      Key: key,
      ...(isVersion(version) ? { VersionId: version } : {}),
      ...customerKey.requestFields(),
    }),
    { signal },
  );
}

/**
 * An answer that comes twice (to a request that was sent twice, the first of which did its work) is a refusal:
 * then the object is there, under our key, with our bytes.
 *
 * @param isOurs judges the object by its checksum or ETag; echo and size are looked at here
 * @throws SsecError NETWORK, THROTTLED, ...: where the server does not say now what is there
 */
export async function findOurs(
  write: Write,
  size: number,
  isOurs: (head: HeadObjectCommandOutput) => boolean,
): Promise<HeadObjectCommandOutput | undefined> {
  try {
    const head = await headOf(write);
    return echoes(head, write.customerKey) && head.ContentLength === size && isOurs(head) ? head : undefined;
  } catch (error) {
    const { client, bucket, key } = write;
    const request = {
      operation: 'HeadObject',
      bucket,
      key,
      customerKeySent: true,
      endpoint: client.endpoint,
    };
    const failure = failureOf(error, request, write.signal);
    // nobody knows yet: whoever asks again may find it
    if (isResumable(failure)) throw failure;
    return undefined;
  }
}

/**
 * The server took the key and did not use it: what it stored can be read without one. It is taken away only by
 * the version that our write returned; without versions that name may be anybody's by now.
 */
export async function keyIgnored(write: Write, version: string | undefined): Promise<SsecError> {
  return new SsecError(
    'KEY_IGNORED',
    `The server took the key for ${formatObjectAddress(write)} and did not use it: it does not do SSE-C.`,
    {
      hints: [
        await cleared(write, version, 'unencrypted'),
        'use a server that does SSE-C; docs/compatibility.md lists some',
      ],
      context: { versionId: version },
    },
  );
}

/** The server says that it has other bytes than were sent. They go by the version that our write returned. */
export async function storedWrong(write: Write, version: string | undefined): Promise<SsecError> {
  return new SsecError(
    'CHECKSUM_MISMATCH',
    `The server stored other bytes than were sent for ${formatObjectAddress(write)}.`,
    { hints: [await cleared(write, version, 'damaged'), 'put it again'], context: { versionId: version } },
  );
}

/** Takes away what a failed write left, where it is surely ours; says what is left. */
export async function cleared(write: Write, version: string | undefined, how: string): Promise<string> {
  const address = formatObjectAddress(write);
  if (await removeVersion(write, version)) return `the ${how} version ${version} was deleted again`;
  return isVersion(version)
    ? `version ${version} of ${address} is ${how} and could not be deleted: delete it`
    : `${address} now exists ${how}: delete it (ssec rm ${shellWord(address)})`;
}

function isVersion(version: string | undefined): version is string {
  return version !== undefined && version !== 'null' && version !== '';
}

async function removeVersion(write: Write, version: string | undefined): Promise<boolean> {
  if (!isVersion(version)) return false;
  const { client, bucket, key, signal } = write;
  return client
    .send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: version }), { signal })
    .then(
      () => true,
      () => false,
    );
}
