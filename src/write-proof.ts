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
  /** undefined = sent without one. */
  readonly customerKey: CustomerKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether an answer proves that the server used this key; without one, whether it speaks of none. */
export function echoes(
  output: {
    readonly SSECustomerAlgorithm?: string | undefined;
    readonly SSECustomerKeyMD5?: string | undefined;
  },
  key: CustomerKey | undefined,
): boolean {
  const { SSECustomerAlgorithm: algorithm, SSECustomerKeyMD5: md5 } = output;
  if (key === undefined) return (algorithm ?? '') === '' && (md5 ?? '') === '';
  return algorithm === SSE_CUSTOMER_ALGORITHM && md5 === key.md5;
}

/**
 * What stands under the address now, asked with the key that was sent.
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
      ...customerKey?.requestFields(),
    }),
    { signal, bulk: true },
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
      customerKeySent: write.customerKey !== undefined,
      endpoint: client.endpoint,
    };
    const failure = failureOf(error, request, write.signal);
    // nobody knows yet: whoever asks again may find it
    if (isResumable(failure)) throw failure;
    return undefined;
  }
}

/**
 * An answer that does not echo what was sent: the key was not used, or there was none and the server names one.
 *
 * @param hints what is to be said of what the write left
 */
export function wrongEcho(
  write: Write,
  hints: readonly string[],
  context: SsecError['context'] = {},
): SsecError {
  const address = formatObjectAddress(write);
  return write.customerKey === undefined
    ? new SsecError(
        'SERVICE_REFUSED',
        `The server says that ${address} is encrypted with a customer key, and none was sent.`,
        { hints: [...hints, 'the server, or something between, mixes up requests'], context },
      )
    : new SsecError(
        'KEY_IGNORED',
        `The server took the key for ${address} and did not use it: it does not do SSE-C.`,
        { hints: [...hints, 'use a server that does SSE-C; docs/compatibility.md lists some'], context },
      );
}

/**
 * What was stored is not encrypted as was asked: with a key, it can be read without one. It is taken away only by the
 * version that our write returned; without versions that name may be anybody's by now. Without a key it stays: an
 * answer to another request names no version of ours.
 */
export async function wronglyEncrypted(write: Write, version: string | undefined): Promise<SsecError> {
  const left =
    write.customerKey === undefined
      ? `look at ${formatObjectAddress(write)}: who can read what is there now?`
      : await cleared(write, version, 'unencrypted');
  return wrongEcho(write, [left], { versionId: version });
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

/** Whether a write told a version by which it is known; without versioning it is none, or `null`. */
export function isVersion(version: string | undefined): version is string {
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
