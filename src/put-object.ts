import {
  DeleteObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type PutObjectCommandOutput,
  type StorageClass,
} from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { SsecError } from './errors.ts';
import { shellWord } from './shell-word.ts';
import { type CustomerKey, SSE_CUSTOMER_ALGORITHM } from './keys/customer-key.ts';
import { checkBucketName, checkObjectKey, formatObjectAddress } from './object-address.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, toSsecError } from './service-error.ts';
import { ObservedSource } from './transfer/observed-source.ts';
import type { StoredChecksum } from './transfer/checksum.ts';
import type { Source, SourceDigest } from './transfer/source.ts';

/** The most that one PutObject takes: 5 GiB (AmazonS3/latest/userguide/qfacts.html). */
const MAX_PUT_BYTES = 5 * 1024 ** 3;

/**
 * Which checksums go with an upload.
 * - `crc32`: `x-amz-checksum-crc32`, which AWS verifies and keeps
 * - `md5`: `Content-MD5` besides, the only one that older S3-compatible servers verify
 * - `auto`: `crc32` on AWS, `md5` elsewhere
 */
export type UploadChecksum = 'auto' | 'crc32' | 'md5';

export interface PutObjectOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly key: string;
  readonly customerKey: CustomerKey;
  /** Stays open; the caller closes it. */
  readonly source: Source;
  readonly contentType?: string;
  /** User metadata, names without `x-amz-meta-`. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  /** Fails with TARGET_EXISTS where the object exists (`If-None-Match: *`). */
  readonly noOverwrite?: boolean;
  readonly checksum?: UploadChecksum;
  /** Called with the bytes sent so far; starts again at 0 when the request is tried again. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface PutObjectResult {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  readonly contentType: string | undefined;
  /** Of the whole object, computed here. */
  readonly checksum: StoredChecksum;
  /**
   * What stands for the content that the server has: `CRC32` = it returned our checksum, `MD5` = it took a
   * Content-MD5, which it must refuse where it is wrong, `size` = neither.
   */
  readonly proof: 'CRC32' | 'MD5' | 'size';
}

/**
 * Uploads with SSE-C in one PutObject, and returns only if the server proved that it used the key: it must echo
 * the algorithm and the key's MD5.
 *
 * @throws SsecError KEY_IGNORED where it did not; TARGET_EXISTS, FILE_CHANGED, CHECKSUM_MISMATCH, SSEC_BLOCKED,
 *   ACCESS_DENIED, BUCKET_NOT_FOUND, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 */
export async function putObject(options: PutObjectOptions): Promise<PutObjectResult> {
  const { client, bucket, key, source, signal } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  if (source.size > MAX_PUT_BYTES) {
    throw new SsecError(
      'NOT_SUPPORTED',
      `${source.name} is ${source.size} bytes; this version puts at most 5 GiB.`,
      {
        hints: [`split it: split -b 4G ${shellWord(source.name)}`],
      },
    );
  }
  const sendMd5 = options.checksum === 'md5' || (options.checksum !== 'crc32' && !client.isAws);
  const digest = await source.digest({ md5: sendMd5, ...(signal === undefined ? {} : { signal }) });
  const command = putCommand(options, digest);
  const request: ServiceRequest = {
    operation: 'PutObject',
    bucket,
    key,
    customerKeySent: true,
    conditional: options.noOverwrite ?? false,
    storageClass: options.storageClass,
    endpoint: client.endpoint,
  };
  let output: PutObjectCommandOutput;
  try {
    output = await client.send<PutObjectCommandOutput>(command, { signal, bulk: true });
  } catch (error) {
    const refused = serviceAnswer(error);
    if (options.noOverwrite !== true || refused?.status !== 412) throw toSsecError(error, request);
    const ours = refused.attempts > 1 ? await headOfOurs(options, digest) : undefined;
    if (ours !== undefined) return result(options, digest, ours);
    throw new SsecError('TARGET_EXISTS', `${formatObjectAddress({ bucket, key })} exists already.`, {
      hints: ['leave --no-overwrite away to replace it'],
      cause: error,
      context: toSsecError(error, request).context,
    });
  }
  if (!echoes(output, options.customerKey)) throw await ignored(options, output);
  if (output.ChecksumCRC32 !== undefined && output.ChecksumCRC32 !== digest.crc32) {
    throw new SsecError(
      'CHECKSUM_MISMATCH',
      `The server stored other bytes than were sent for ${formatObjectAddress({ bucket, key })}.`,
      {
        hints: ['put it again'],
      },
    );
  }
  return result(options, digest, output);
}

function putCommand(options: PutObjectOptions, digest: SourceDigest): PutObjectCommand {
  return new PutObjectCommand({
    Bucket: options.bucket,
    Key: options.key,
    // a Source and not a stream: our request handler opens it anew for each attempt
    Body: (options.onProgress === undefined
      ? options.source
      : new ObservedSource(options.source, options.onProgress)) as unknown as Buffer,
    ContentLength: options.source.size,
    ChecksumCRC32: digest.crc32,
    ...(digest.md5 === undefined ? {} : { ContentMD5: digest.md5 }),
    ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
    ...(options.metadata === undefined ? {} : { Metadata: { ...options.metadata } }),
    // the SDK lists the classes of one day; the server knows which there are
    ...(options.storageClass === undefined ? {} : { StorageClass: options.storageClass as StorageClass }),
    ...(options.noOverwrite === true ? { IfNoneMatch: '*' } : {}),
    ...options.customerKey.requestFields(),
  });
}

function result(
  options: PutObjectOptions,
  digest: SourceDigest,
  output: Pick<PutObjectCommandOutput, 'ETag' | 'VersionId' | 'ChecksumCRC32'>,
): PutObjectResult {
  const confirmed = output.ChecksumCRC32 === digest.crc32;
  return {
    bucket: options.bucket,
    key: options.key,
    size: options.source.size,
    etag: output.ETag,
    versionId: output.VersionId,
    contentType: options.contentType,
    checksum: { algorithm: 'CRC32', value: digest.crc32 },
    proof: confirmed ? 'CRC32' : digest.md5 === undefined ? 'size' : 'MD5',
  };
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
 * A conditional put that was sent twice is refused the second time by the object that the first try stored:
 * then the object is ours, under our key, with our bytes.
 */
async function headOfOurs(
  options: PutObjectOptions,
  digest: SourceDigest,
): Promise<HeadObjectCommandOutput | undefined> {
  const { client, bucket, key, customerKey, source, signal } = options;
  try {
    const head = await client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ...customerKey.requestFields() }),
      { signal },
    );
    const ours =
      echoes(head, customerKey) && head.ContentLength === source.size && head.ChecksumCRC32 === digest.crc32;
    return ours ? head : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The server took the key and did not use it: what it stored can be read without one. It is taken away only by
 * the version that our write returned; without versions that name may be anybody's by now.
 */
async function ignored(options: PutObjectOptions, output: PutObjectCommandOutput): Promise<SsecError> {
  const { client, bucket, key } = options;
  const address = formatObjectAddress({ bucket, key });
  const version = output.VersionId;
  let left = `${address} now exists unencrypted: delete it (aws s3 rm ${address})`;
  if (version !== undefined && version !== 'null' && version !== '') {
    const removed = await client
      .send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: version }), {
        signal: options.signal,
      })
      .then(
        () => true,
        () => false,
      );
    left = removed
      ? `the unencrypted version ${version} was deleted again`
      : `version ${version} of ${address} is unencrypted and could not be deleted: delete it`;
  }
  return new SsecError(
    'KEY_IGNORED',
    `The server took the key for ${address} and did not use it: it does not do SSE-C.`,
    {
      hints: [left, 'use a server that does SSE-C; docs/compatibility.md lists some'],
      context: { versionId: version },
    },
  );
}
