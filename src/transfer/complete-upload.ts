import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { type ErrorCode, SsecError } from '../errors.ts';
import { formatObjectAddress } from '../object-address.ts';
import { type PutObjectOptions, type PutObjectResult, hasTags, targetExists } from '../put-request.ts';
import { refusalOfGet } from '../read-refusal.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type ServiceRequest, toSsecError } from '../service-error.ts';
import { echoes, findOurs, headOf, keyIgnored, storedWrong } from '../write-proof.ts';
import { isPassing, withAttempts } from './attempts.ts';
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
 * @throws SsecError TARGET_EXISTS, KEY_IGNORED, CHECKSUM_MISMATCH, SIZE_MISMATCH, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export async function completeUpload(options: PutObjectOptions, upload: SentUpload): Promise<StoredObject> {
  const { client, noOverwrite, signal } = options;
  // many servers ignore the condition on Complete (RGW 16 does); not atomic, but better than nothing
  if (noOverwrite === true && !client.isAws) await refuseExisting(options);
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

/**
 * Looks before an upload that must not replace anything.
 *
 * @throws SsecError TARGET_EXISTS
 */
export async function refuseExisting(options: PutObjectOptions): Promise<void> {
  try {
    await headOf(options);
  } catch (error) {
    const status = serviceAnswer(error)?.status;
    // 403: we may not know, and the condition on the write has the last word
    if (status === 404 || status === 403) return;
    if (status !== 400) throw toSsecError(error, requestOf(options, 'HeadObject'));
    // most often an object that has another key; but expired credentials are 400 as well
    const refused = await refusalOfGet(options.client, options, options.signal);
    const failure = refused === undefined ? undefined : toSsecError(refused, requestOf(options, 'GetObject'));
    if (failure !== undefined && !ANSWERS_OF_AN_OBJECT.has(failure.code)) throw failure;
  }
  throw targetExists(options);
}

/** Refusals that only an object which is there can give. */
const ANSWERS_OF_AN_OBJECT: ReadonlySet<ErrorCode> = new Set([
  'KEY_MISMATCH',
  'KEY_NOT_NEEDED',
  'KEY_MISSING',
]);

function completeCommand(
  { bucket, key, customerKey, noOverwrite }: PutObjectOptions,
  { uploadId, parts, checksums }: SentUpload,
): CompleteMultipartUploadCommand {
  return new CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
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
    ...(noOverwrite === true ? { IfNoneMatch: '*' } : {}),
    ...customerKey.requestFields(),
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
  if (head === undefined && status === 412) throw targetExists(options, error, error.context);
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
    throw error;
  }
  if (!echoes(head, options.customerKey)) throw await keyIgnored(options, version);
  // RGW 16 takes tags at the beginning of an upload, and forgets them
  if (hasTags(options) && (head.TagCount ?? 0) === 0)
    options.onNotice?.(
      `the server did not keep the tags of ${formatObjectAddress(options)}, as some do with what is put in parts`,
    );
  return head;
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
  return {
    etag: stored.ETag,
    versionId: output.VersionId ?? stored.VersionId,
    proof: found === 'forbidden' ? 'create-echo' : confirmed ? 'CRC32' : parts.proof,
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

function requestOf({ client, bucket, key }: PutObjectOptions, operation: string): ServiceRequest {
  return { operation, bucket, key, customerKeySent: true, conditional: false, endpoint: client.endpoint };
}
