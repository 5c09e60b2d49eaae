import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { SsecError } from '../errors.ts';
import { formatObjectAddress } from '../object-address.ts';
import { setObjectTags } from '../object-tags.ts';
import { type PutObjectOptions, type PutObjectResult, hasTags } from '../put-request.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type ServiceRequest, toSsecError } from '../service-error.ts';
import { conditionFields, conditionOf, isUnmet, unmetCondition } from '../write-condition.ts';
import { echoes, findOurs, headOf, isVersion, storedWrong, wronglyEncrypted } from '../write-proof.ts';
import { isPassing, withAttempts } from './attempts.ts';
import { refuseUnmet } from './refuse-unmet.ts';
import { readEchoHeaders } from './response-headers.ts';
import { type UploadedParts, isObject } from './uploaded-parts.ts';

/** Which checksums of an upload the server keeps. */
export type KeptChecksums = 'FULL_OBJECT' | 'COMPOSITE' | 'none';

/** An upload of which all parts are there. */
export interface SentUpload {
  readonly uploadId: string;
  readonly parts: UploadedParts;
  readonly checksums: KeptChecksums;
}

export interface StoredObject {
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  readonly proof: PutObjectResult['proof'];
}

/**
 * Makes the object of its parts, and looks whether it is the one that was meant, under the key that was meant.
 *
 * An answer that comes twice, or not at all, is no failure: then the object itself says whether it is ours.
 *
 * @throws SsecError TARGET_EXISTS, OBJECT_CHANGED, KEY_IGNORED, CHECKSUM_MISMATCH, SIZE_MISMATCH, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export async function completeUpload(options: PutObjectOptions, upload: SentUpload): Promise<StoredObject> {
  const { client, signal } = options;
  // many servers ignore the condition on Complete (RGW 16 does); not atomic, but better than nothing
  if (!client.isAws) await refuseUnmet(options);
  const command = completeCommand(options, upload);
  const echo = readEchoHeaders(command);
  let repeated = false;
  let output: CompleteMultipartUploadCommandOutput;
  try {
    output = await withAttempts(
      { maxAttempts: client.maxAttempts, signal, onRetry: options.onRetry },
      (attempt) => {
        repeated ||= attempt > 1;
        return client
          .send<CompleteMultipartUploadCommandOutput>(command, { signal })
          .catch((error: unknown) => {
            throw toSsecError(error, requestOf(options, 'CompleteMultipartUpload'));
          });
      },
    );
  } catch (error) {
    const head = await findFinished(options, upload, error, repeated);
    if (head === undefined) throw error;
    return prove(options, upload, head, head);
  }
  const proved = echoes(echo(), options.customerKey) && (output.ETag ?? '') !== '';
  return prove(options, upload, output, proved ? output : await headAfter(options, output.VersionId));
}

function completeCommand(
  options: PutObjectOptions,
  { uploadId, parts, checksums }: SentUpload,
): CompleteMultipartUploadCommand {
  return new CompleteMultipartUploadCommand({
    Bucket: options.bucket,
    Key: options.key,
    UploadId: uploadId,
    MultipartUpload: {
      Parts: parts.inOrder.map((part) => ({
        PartNumber: part.number,
        ETag: part.etag,
        ...(checksums === 'none' ? {} : { ChecksumCRC32: part.crc32 }),
      })),
    },
    ...(checksums === 'FULL_OBJECT' ? { ChecksumCRC32: parts.crc32, ChecksumType: 'FULL_OBJECT' } : {}),
    MpuObjectSize: parts.size,
    ...conditionFields(options),
    ...options.customerKey?.requestFields(),
  });
}

/** Whether the answer that was lost told of success: then the object stands there as we made it. */
async function findFinished(
  options: PutObjectOptions,
  { parts }: SentUpload,
  error: unknown,
  repeated: boolean,
): Promise<HeadObjectCommandOutput | undefined> {
  if (!(error instanceof SsecError)) return undefined;
  const { status, serviceCode, attempts } = error.context;
  const isCondition = status === 412 || status === 409;
  const wasRepeated = repeated || Number(attempts ?? 1) > 1;
  const mayBeOurs = serviceCode === 'NoSuchUpload' || isPassing(error) || (isCondition && wasRepeated);
  const { expected } = parts;
  const head = mayBeOurs
    ? await findOurs(options, parts.size, (found) => isObject(found, expected)).catch((failure: unknown) => {
        if (isPassing(error)) return undefined;
        throw failure;
      })
    : undefined;
  if (head === undefined && isUnmet(options, status)) throw unmetCondition(options, error, error.context);
  return head;
}

/** The server did not say after Complete which key it used: the object says it. */
async function headAfter(
  options: PutObjectOptions,
  version: string | undefined,
): Promise<HeadObjectCommandOutput | 'forbidden'> {
  let head: HeadObjectCommandOutput;
  try {
    head = await withAttempts({ maxAttempts: options.client.maxAttempts, signal: options.signal }, () =>
      headOf(options, version).catch((error: unknown) => {
        throw isForbidden(error) ? error : toSsecError(error, requestOf(options, 'HeadObject'));
      }),
    );
  } catch (error) {
    // we may write and not read: Create's echo is all that there is
    if (isForbidden(error)) return 'forbidden';
    if (isKeyMissing(error)) throw await wronglyEncrypted(options, version);
    throw error;
  }
  if (!echoes(head, options.customerKey)) throw await wronglyEncrypted(options, version);
  // RGW 16 takes tags at the beginning of an upload, and forgets them
  if (hasTags(options) && (head.TagCount ?? 0) === 0) await tagAfterwards(options, version);
  return head;
}

async function tagAfterwards(
  options: PutObjectOptions & Required<Pick<PutObjectOptions, 'tags'>>,
  version: string | undefined,
): Promise<void> {
  const { client, bucket, key, tags, onNotice, signal } = options;
  const versionId = isVersion(version) ? version : undefined;
  try {
    await setObjectTags({ client, bucket, key, versionId, tags, signal });
  } catch (error) {
    if (!(error instanceof SsecError) || error.code === 'CANCELLED') throw error;
    onNotice?.(
      `the server did not keep the tags of ${formatObjectAddress(options)}, as some do with what is put in parts, and they could not be set afterwards: ${error.message}`,
    );
  }
}

/** Without a key: what stands there is under one. */
function isKeyMissing(error: unknown): boolean {
  return error instanceof SsecError && error.code === 'KEY_MISSING';
}

function isForbidden(error: unknown): boolean {
  return serviceAnswer(error)?.status === 403;
}

async function prove(
  options: PutObjectOptions,
  { parts }: SentUpload,
  output: CompleteMultipartUploadCommandOutput | HeadObjectCommandOutput,
  found: CompleteMultipartUploadCommandOutput | HeadObjectCommandOutput | 'forbidden',
): Promise<StoredObject> {
  const stored = found === 'forbidden' ? output : found;
  await checkStored(options, parts, stored, output.VersionId);
  const confirmed = stored.ChecksumCRC32 === parts.crc32;
  const unread = found === 'forbidden' && options.customerKey !== undefined;
  return {
    etag: stored.ETag,
    versionId: output.VersionId ?? stored.VersionId,
    proof: unread ? 'create-echo' : confirmed ? 'CRC32' : parts.proof,
  };
}

async function checkStored(
  options: PutObjectOptions,
  parts: UploadedParts,
  stored: HeadObjectCommandOutput | CompleteMultipartUploadCommandOutput,
  version: string | undefined,
): Promise<void> {
  const address = formatObjectAddress(options);
  const size = 'ContentLength' in stored ? stored.ContentLength : undefined;
  if (size !== undefined && size !== parts.size) {
    throw new SsecError(
      'SIZE_MISMATCH',
      `${address} has ${size} bytes on the server; ${parts.size} were sent.`,
      {
        hints: ['put it again; somebody else may have written it at the same moment'],
      },
    );
  }
  const { ChecksumCRC32: crc32 } = stored;
  if (crc32 !== undefined && !/-\d+$/.test(crc32) && crc32 !== parts.crc32)
    throw await storedWrong(options, version);
}

function requestOf(options: PutObjectOptions, operation: string): ServiceRequest {
  const { client, bucket, key, customerKey } = options;
  return {
    operation,
    bucket,
    key,
    customerKeySent: customerKey !== undefined,
    condition: conditionOf(options),
    endpoint: client.endpoint,
  };
}
