import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { getObject } from './get-object.ts';
import { headObject } from './head-object.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import { changedSince, proveLocked } from './lock-proof.ts';
import { formatObjectAddress } from './object-address.ts';
import type { ObjectHead } from './object-head.ts';
import type { ObjectVersion } from './object-version.ts';
import { shellWord } from './shell-word.ts';
import type { StoredChecksum } from './transfer/checksum.ts';
import { comparingSink, nullSink } from './transfer/comparing-sink.ts';
import type { DownloadProof } from './transfer/download-proof.ts';
import type { Source } from './transfer/source.ts';
import { sourceChecksum } from './transfer/source-checksum.ts';

/**
 * What stands for the content. An algorithm: the bytes that were read, or those of the file, have the checksum that S3
 * holds (`_COMPOSITE`: of the parts' checksums). `bytes`: S3 holds none that can be verified, and every byte that was
 * read is the file's. `stored`: S3 holds a checksum of the whole, which was compared with nothing. `size`: S3 holds
 * none, and as many bytes came as it says.
 */
export type VerifyProof = DownloadProof | 'bytes' | 'stored';

export interface VerifyObjectOptions extends ObjectVersion {
  readonly client: SsecClient;
  /** undefined = asked for without one: what comes then is no object of a key. */
  readonly customerKey: CustomerKey | undefined;
  /** What the object must hold; stays open. */
  readonly file?: Source | undefined;
  /** Reads the content, also where the checksum that S3 holds would do. */
  readonly read?: boolean | undefined;
  /** Proves as well that S3 refuses it without a key, and with another. */
  readonly locked?: boolean | undefined;
  /** Called, and waited for, before the content is asked for, which is not always the case. */
  readonly onRead?: ((object: ObjectHead) => Promise<void>) | undefined;
  /** Called with the bytes that were read so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called when a range is tried again. */
  readonly onRetry?: (() => void) | undefined;
  /** Called with a sentence that the user should read. */
  readonly onNotice?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface VerifyObjectResult extends ObjectHead {
  readonly proof: VerifyProof;
  /** Whether the content was downloaded. */
  readonly read: boolean;
  /** Whether it was proved that no other key opens it; undefined where that was not asked. */
  readonly locked: true | undefined;
}

/**
 * Whether an object opens under a key, and holds what it should: by the checksum that S3 holds for the whole, without
 * a download, or by reading it where S3 holds none. Nothing is kept of what is read, and memory does not grow with it.
 *
 * @throws SsecError KEY_MISMATCH, KEY_MISSING, KEY_NOT_NEEDED for an object that is not under a customer key,
 *   KEY_IGNORED for one that is not locked, CHECKSUM_MISMATCH, SIZE_MISMATCH, OBJECT_CHANGED, FILE_CHANGED,
 *   OBJECT_NOT_FOUND, ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export async function verifyObject(options: VerifyObjectOptions): Promise<VerifyObjectResult> {
  try {
    return await verify(options);
  } catch (error) {
    throw error instanceof SsecError && error.code === 'FILE_CHANGED' ? fileChanged(options, error) : error;
  }
}

async function verify(options: VerifyObjectOptions): Promise<VerifyObjectResult> {
  const { file, read = false, locked = false, signal } = options;
  const head = await headUnderKey(options);
  if (locked) await proveLocked({ ...options, head });
  if (file !== undefined && file.size !== head.size) throw sizesDiffer(head, file);
  const lockProof = locked ? true : undefined;
  if (head.checksum === undefined || read)
    return { ...head, proof: await readContent(options, head), read: true, locked: lockProof };
  if (file !== undefined) await requireChecksum(head, head.checksum, file, signal);
  const proof = file === undefined ? 'stored' : head.checksum.algorithm;
  return { ...head, proof, read: false, locked: lockProof };
}

async function headUnderKey(options: VerifyObjectOptions): Promise<ObjectHead> {
  const { client, bucket, key, versionId, customerKey, signal } = options;
  const head = await headObject({ client, bucket, key, versionId, customerKey, signal }).catch(
    (error: unknown) => {
      throw error instanceof SsecError && error.code === 'KEY_NOT_NEEDED'
        ? notUnderKey(options, error)
        : error;
    },
  );
  if (!head.encrypted) throw notUnderKey(options);
  return head;
}

/** @returns what the bytes were verified by, once all came */
async function readContent(options: VerifyObjectOptions, head: ObjectHead): Promise<VerifyProof> {
  const { client, bucket, key, versionId, customerKey, file, onProgress, onRetry, onNotice, signal } =
    options;
  await options.onRead?.(head);
  const { proof } = await getObject({
    client,
    bucket,
    key,
    versionId,
    customerKey,
    openSink: (object) => {
      if (object.etag !== head.etag || object.size !== head.size) throw changedSince(head);
      return Promise.resolve(
        file === undefined ? nullSink() : comparingSink(file, formatObjectAddress(head)),
      );
    },
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onRetry === undefined ? {} : { onRetry }),
    ...(onNotice === undefined ? {} : { onNotice }),
    ...(signal === undefined ? {} : { signal }),
  });
  return proof === 'size' && file !== undefined ? 'bytes' : proof;
}

async function requireChecksum(
  head: ObjectHead,
  { algorithm, value }: StoredChecksum,
  file: Source,
  signal: AbortSignal | undefined,
): Promise<void> {
  const computed = await sourceChecksum(file, algorithm, signal);
  await file.checkUnchanged();
  if (computed === value) return;
  throw new SsecError(
    'CHECKSUM_MISMATCH',
    `The ${algorithm} of "${file.name}" is ${computed}, and that of ${formatObjectAddress(head)} is ${value}.`,
  );
}

function sizesDiffer(head: ObjectHead, file: Source): SsecError {
  return new SsecError(
    'SIZE_MISMATCH',
    `"${file.name}" has ${file.size} bytes, and ${formatObjectAddress(head)} has ${head.size}.`,
  );
}

/** What is said elsewhere of a file that changes is said of one that is put. */
function fileChanged({ file }: VerifyObjectOptions, cause: SsecError): SsecError {
  return new SsecError('FILE_CHANGED', `"${file?.name ?? ''}" changed while it was read.`, {
    hints: ['verify it again once nobody writes to it'],
    cause,
  });
}

/** It may be read by whoever may read the bucket, which is what verifying must not pass over. */
function notUnderKey(options: VerifyObjectOptions, cause?: SsecError): SsecError {
  const address = formatObjectAddress(options);
  return new SsecError('KEY_NOT_NEEDED', `${address} is not encrypted with a customer key.`, {
    hints: [
      `no key protects it; encrypt it with one: ssec rekey ${shellWord(address)} --from none --to NAME`,
    ],
    cause,
    context: cause?.context ?? {},
  });
}
