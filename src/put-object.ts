import { PutObjectCommand, type PutObjectCommandOutput } from '@aws-sdk/client-s3';
import { type ErrorCode, SsecError, withHints } from './errors.ts';
import { checkBucketName, checkObjectKey, formatObjectAddress } from './object-address.ts';
import { checkObjectHeaders } from './object-headers.ts';
import { checkTags } from './object-tags.ts';
import {
  type PutObjectOptions,
  type PutObjectResult,
  descriptionFields,
  hasTags,
  sendsMd5,
} from './put-request.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, failureOf, toSsecError } from './service-error.ts';
import { BytesSource } from './transfer/bytes-source.ts';
import { multipartUpload } from './transfer/multipart-upload.ts';
import { ObservedSource } from './transfer/observed-source.ts';
import { FileParts, StreamParts } from './transfer/part-feed.ts';
import {
  MAX_STREAM_PART_BYTES,
  SINGLE_PUT_BYTES,
  checkPartSize,
  planParts,
  streamPartSize,
} from './transfer/part-plan.ts';
import type { Source, SourceDigest } from './transfer/source.ts';
import { StreamSource } from './transfer/stream-source.ts';
import {
  checkWriteCondition,
  conditionFields,
  conditionOf,
  isUnmet,
  unmetCondition,
} from './write-condition.ts';
import { explainWriteRefusal } from './write-refusal.ts';
import { echoes, findOurs, storedWrong, wronglyEncrypted } from './write-proof.ts';
import { checkUserMetadata } from './user-metadata.ts';

/**
 * Uploads with SSE-C, and returns only if the server proved that it used the key: it must echo the algorithm and
 * the key's MD5. Without a key no answer may speak of one. Small objects go in one PutObject, larger ones in parts, several at once.
 *
 * @throws SsecError KEY_IGNORED where it did not; TARGET_EXISTS, OBJECT_CHANGED, FILE_CHANGED, CHECKSUM_MISMATCH, SSEC_BLOCKED,
 *   ACCESS_DENIED, BUCKET_NOT_FOUND, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
export async function putObject(options: PutObjectOptions): Promise<PutObjectResult> {
  try {
    return await put(options);
  } catch (error) {
    throw error instanceof SsecError ? error : failureOf(error, requestOf(options), options.signal);
  }
}

async function put(options: PutObjectOptions): Promise<PutObjectResult> {
  const { source, partSize } = options;
  checkBucketName(options.bucket);
  checkObjectKey(options.key);
  checkWriteCondition(options);
  if (options.headers !== undefined) checkObjectHeaders(options.headers);
  if (options.metadata !== undefined) checkUserMetadata(options.metadata);
  if (options.tags !== undefined) checkTags(options.tags);
  if (partSize !== undefined) checkPartSize(partSize);
  if (source instanceof StreamSource) return putStream(options, source);
  if (source.size > SINGLE_PUT_BYTES) {
    return multipartUpload(options, new FileParts(source, planParts(source.size, partSize)));
  }
  return putWhole(options, source instanceof BytesSource ? source : await inMemory(source));
}

async function inMemory(source: Source): Promise<BytesSource> {
  const bytes = Buffer.allocUnsafeSlow(source.size);
  await source.read(0, bytes);
  await source.checkUnchanged();
  return new BytesSource(bytes, source.name);
}

async function putStream(options: PutObjectOptions, source: StreamSource): Promise<PutObjectResult> {
  if ((options.partSize ?? 0) > MAX_STREAM_PART_BYTES) {
    throw new SsecError('USAGE', 'A part of a stream is held in memory, and may have 1 GiB at most.', {
      hints: ['a smaller --part-size, or put a file'],
    });
  }
  const buffer = Buffer.allocUnsafeSlow(streamPartSize(1, options.partSize));
  const filled = await source.fill(buffer);
  options.signal?.throwIfAborted();
  const begun = buffer.subarray(0, filled);
  if (filled < buffer.length) return putWhole(options, new BytesSource(begun, source.name));
  return multipartUpload(options, new StreamParts(source, options.partSize, begun));
}

async function putWhole(options: PutObjectOptions, source: BytesSource): Promise<PutObjectResult> {
  const { client, customerKey, signal } = options;
  const md5 = sendsMd5(options);
  const release = await client.slots.acquire(1, signal);
  try {
    const digest = await source.digest({ md5 });
    const request = requestOf(options);
    // an empty one has gone before anybody counts
    let sent = -1;
    const observed = new ObservedSource(source, (bytes) => {
      sent = Math.max(sent, bytes);
      options.onProgress?.(bytes);
    });
    let output: PutObjectCommandOutput;
    try {
      output = await client.send<PutObjectCommandOutput>(putCommand(options, observed, digest), {
        signal,
        bulk: true,
      });
    } catch (error) {
      const refused = serviceAnswer(error);
      if (refused === undefined || !isUnmet(options, refused.status)) {
        const refusal = await explainWriteRefusal(client, error, request, signal);
        throw sent === source.size ? mayBeThere(refusal, options) : refusal;
      }
      const ours =
        refused.attempts > 1
          ? await findOurs(options, source.size, (head) => head.ChecksumCRC32 === digest.crc32)
          : undefined;
      if (ours !== undefined) return result(options, source, digest, ours);
      throw unmetCondition(options, error, toSsecError(error, request).context);
    }
    if (!echoes(output, customerKey)) throw await wronglyEncrypted(options, output.VersionId);
    if (output.ChecksumCRC32 !== undefined && output.ChecksumCRC32 !== digest.crc32) {
      throw await storedWrong(options, output.VersionId);
    }
    if (output.ChecksumCRC32 !== undefined) client.verifiesChecksums = true;
    return result(options, source, digest, output);
  } finally {
    release();
  }
}

/** What an end without an answer leaves open. */
const UNANSWERED: readonly ErrorCode[] = ['NETWORK', 'TIMEOUT', 'CANCELLED'];

/** All bytes went out, and no answer came: the server may have stored them. */
function mayBeThere(failure: SsecError, options: PutObjectOptions): SsecError {
  if (!UNANSWERED.includes(failure.code) || failure.context['status'] !== undefined) return failure;
  const address = formatObjectAddress(options);
  return withHints(failure, [
    options.ifMatch === undefined
      ? `${address} may be there all the same: put it again to be sure, or delete it`
      : // nothing is to be deleted where an object stood before
        `${address} may be written all the same: its ETag tells`,
  ]);
}

function requestOf(options: PutObjectOptions): ServiceRequest {
  const { client, bucket, key, customerKey, storageClass } = options;
  return {
    operation: 'PutObject',
    bucket,
    key,
    customerKeySent: customerKey !== undefined,
    condition: conditionOf(options),
    storageClass,
    tagged: hasTags(options),
    endpoint: client.endpoint,
  };
}

function putCommand(options: PutObjectOptions, source: Source, digest: SourceDigest): PutObjectCommand {
  return new PutObjectCommand({
    Bucket: options.bucket,
    Key: options.key,
    // a Source and not a stream: our request handler opens it anew for each attempt
    Body: source as unknown as Buffer,
    ContentLength: source.size,
    ChecksumCRC32: digest.crc32,
    ...(digest.md5 === undefined ? {} : { ContentMD5: digest.md5 }),
    ...descriptionFields(options),
    ...conditionFields(options),
    ...options.customerKey?.requestFields(),
  });
}

function result(
  options: PutObjectOptions,
  source: BytesSource,
  digest: SourceDigest,
  output: Pick<PutObjectCommandOutput, 'ETag' | 'VersionId' | 'ChecksumCRC32'>,
): PutObjectResult {
  const confirmed = output.ChecksumCRC32 === digest.crc32;
  return {
    bucket: options.bucket,
    key: options.key,
    size: source.size,
    etag: output.ETag,
    versionId: output.VersionId,
    contentType: options.contentType,
    checksum: { algorithm: 'CRC32', value: digest.crc32 },
    proof: confirmed ? 'CRC32' : digest.md5 === undefined ? 'size' : 'MD5',
  };
}
