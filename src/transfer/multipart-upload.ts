import {
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandOutput,
  UploadPartCommand,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { SsecError, withHints } from '../errors.ts';
import { ABORT_TIMEOUT_MS, abortUpload } from '../multipart-uploads.ts';
import { formatObjectAddress } from '../object-address.ts';
import {
  type PutObjectOptions,
  type PutObjectResult,
  descriptionFields,
  hasTags,
  sendsMd5,
} from '../put-request.ts';
import { type ServiceRequest, failureOf, toSsecError } from '../service-error.ts';
import { shellWord } from '../shell-word.ts';
import { explainWriteRefusal } from '../write-refusal.ts';
import { echoes, wrongEcho } from '../write-proof.ts';
import { isPassing, isResumable, withAttempts } from './attempts.ts';
import { type KeptChecksums, type StoredObject, completeUpload } from './complete-upload.ts';
import { ObservedSource } from './observed-source.ts';
import type { LoadedPart, PartFeed } from './part-feed.ts';
import { refuseUnmet } from './refuse-unmet.ts';
import type { SourceDigest } from './source.ts';
import { StreamSource } from './stream-source.ts';
import { TransferProgress } from './transfer-progress.ts';
import { UploadJournal } from './upload-journal.ts';
import { UploadedParts } from './uploaded-parts.ts';
import { runWorkers } from './workers.ts';

/** Memory that one part's share of the slots stands for (bytes): larger parts take more, so that fewer are held. */
const PART_SHARE_BYTES = 12.8 * 1024 ** 2;

/**
 * Uploads in parts, several at once, each tried again by itself.
 *
 * Where it fails: what another run can go on with stays and is in the journal; everything else is cleared away
 * before the error is thrown.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
export async function multipartUpload(options: PutObjectOptions, feed: PartFeed): Promise<PutObjectResult> {
  const upload = new MultipartUpload(options, feed, await UploadJournal.open(options));
  const earlier = await upload.resume();
  if (earlier !== undefined) return earlier;
  try {
    await upload.sendParts();
    return await upload.complete();
  } catch (error) {
    throw await upload.end(error);
  }
}

class MultipartUpload {
  readonly #options: PutObjectOptions;
  readonly #feed: PartFeed;
  #journal: UploadJournal | undefined;
  readonly #progress: TransferProgress;
  readonly #parts = new UploadedParts();
  #uploadId = '';
  #checksums: KeptChecksums = 'none';

  constructor(options: PutObjectOptions, feed: PartFeed, journal: UploadJournal | undefined) {
    this.#options = options;
    this.#feed = feed;
    this.#journal = journal;
    this.#progress = new TransferProgress(options);
  }

  /**
   * Finds the upload that an earlier run left, or begins one.
   *
   * @returns the result, where that run had finished after all
   */
  async resume(): Promise<PutObjectResult | undefined> {
    try {
      const found = await this.#journal?.find();
      if (found?.kind === 'finished') {
        await this.#journal?.remove();
        const { parts, head } = found;
        return resultOf(this.#options, parts, {
          etag: head.ETag,
          versionId: head.VersionId,
          proof: head.ChecksumCRC32 === undefined ? parts.proof : 'CRC32',
        });
      }
      if (found?.kind === 'unfinished') {
        this.#uploadId = found.uploadId;
        this.#checksums = found.checksums;
      } else {
        // before 40 GiB are sent for nothing; what counts is the condition on Complete
        await refuseUnmet(this.#options);
        await this.#create();
      }
      return undefined;
    } catch (error) {
      // what an earlier run left stays as it is, for the next one
      await this.#journal?.keep();
      throw error;
    }
  }

  async sendParts(): Promise<void> {
    const { client, signal } = this.#options;
    const most = Math.max(1, Math.floor(client.slots.capacity / this.#weight()));
    await runWorkers(most, signal, async (stop) => {
      for (;;) {
        const release = await client.slots.acquire(this.#weight(), stop);
        try {
          const md5 = sendsMd5(this.#options);
          const part = await this.#feed.next({ md5, signal: stop });
          if (part === undefined) return;
          stop.throwIfAborted();
          await this.#sendPart(part, stop);
          part.release();
        } finally {
          release();
        }
      }
    });
    if (!(this.#options.source instanceof StreamSource)) await this.#options.source.checkUnchanged();
  }

  async complete(): Promise<PutObjectResult> {
    const stored = await completeUpload(this.#options, {
      uploadId: this.#uploadId,
      parts: this.#parts,
      checksums: this.#checksums,
    });
    await this.#journal?.remove();
    return resultOf(this.#options, this.#parts, stored);
  }

  /** Keeps what another run can go on with and clears away the rest; returns the error to throw. */
  async end(error: unknown): Promise<SsecError> {
    const { bucket, signal } = this.#options;
    const failure = failureOf(error, this.#request('UploadPart'), signal);
    if (this.#journal !== undefined && isResumable(failure)) {
      await this.#journal.keep();
      return withHints(failure, [
        'what was sent is kept: run the same command again to go on',
        `or drop it: ssec uploads --abort ${shellWord(this.#uploadId)} -b ${bucket}`,
      ]);
    }
    const gone = await this.#abort();
    await this.#journal?.remove();
    if (gone) return failure;
    return withHints(failure, [
      `parts of the upload may be left, and cost money: ssec uploads --abort ${shellWord(this.#uploadId)} -b ${bucket}`,
    ]);
  }

  async #create(): Promise<void> {
    const { client, bucket, key, customerKey, signal } = this.#options;
    let output: CreateMultipartUploadCommandOutput;
    try {
      output = await client.send<CreateMultipartUploadCommandOutput>(
        new CreateMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'FULL_OBJECT',
          ...descriptionFields(this.#options),
          ...customerKey?.requestFields(),
        }),
        { signal },
      );
    } catch (error) {
      throw await explainWriteRefusal(client, error, this.#request('CreateMultipartUpload'), signal);
    }
    if (output.UploadId === undefined || output.UploadId === '') {
      throw new SsecError(
        'SERVICE_REFUSED',
        `The server began no upload of ${formatObjectAddress(this.#options)}.`,
      );
    }
    this.#uploadId = output.UploadId;
    this.#checksums = keptChecksums(output);
    try {
      if (!echoes(output, customerKey)) throw wrongEcho(this.#options, ['nothing was stored']);
    } catch (error) {
      throw await this.end(error);
    }
    await this.#journal?.begin(this.#uploadId, this.#checksums).catch(async (error: unknown) => {
      this.#options.onNotice?.(
        `${toSsecError(error, this.#request('')).message} This upload cannot be gone on with later.`,
      );
      await this.#journal?.remove();
      this.#journal = undefined;
    });
  }

  async #sendPart(part: LoadedPart, signal: AbortSignal): Promise<void> {
    const { client } = this.#options;
    const progress = this.#progress.piece();
    const { digest } = part;
    const earlier = this.#journal?.partOf(part.number, part.body.size, digest.crc32);
    if (earlier !== undefined) {
      this.#parts.add(earlier);
      this.#progress.resumed(part.body.size);
      return;
    }
    const body = new ObservedSource(part.body, progress);
    const output = await withAttempts(
      {
        maxAttempts: client.maxAttempts,
        signal,
        onRetry: this.#options.onRetry,
        // it stands in memory, unlike what arrived
        isWorthIt: (error) => isPassing(error) || isBadDigest(error),
      },
      async () => {
        const command = this.#partCommand(part.number, body, digest);
        return client
          .send<UploadPartCommandOutput>(command, { signal, bulk: true })
          .catch((error: unknown) => {
            throw toSsecError(error, this.#request('UploadPart'));
          });
      },
    );
    this.#checkPart(part.number, output, digest);
    const verified = output.ChecksumCRC32 !== undefined;
    if (verified) client.verifiesChecksums = true;
    const uploaded = {
      number: part.number,
      size: part.body.size,
      etag: output.ETag ?? '',
      crc32: digest.crc32,
      proof: verified ? 'CRC32' : digest.md5 === undefined ? 'size' : 'MD5',
    } as const;
    progress(part.body.size);
    this.#parts.add(uploaded);
    await this.#journal?.add(uploaded);
  }

  #checkPart(number: number, output: UploadPartCommandOutput, digest: SourceDigest): void {
    const { customerKey } = this.#options;
    const address = formatObjectAddress(this.#options);
    const { SSECustomerKeyMD5: echoed } = output;
    if (customerKey === undefined) {
      if (!echoes(output, undefined)) throw wrongEcho(this.#options, ['nothing was stored']);
    } else if (echoed !== undefined && echoed !== customerKey.md5) {
      throw new SsecError(
        'KEY_IGNORED',
        `The server encrypted part ${number} of ${address} with another key.`,
        {
          hints: ['nothing was stored; the server, or something between, mixes up requests'],
        },
      );
    }
    if (output.ChecksumCRC32 !== undefined && output.ChecksumCRC32 !== digest.crc32) {
      throw new SsecError(
        'CHECKSUM_MISMATCH',
        `The server stored other bytes than were sent for ${address}.`,
        {
          hints: ['put it again'],
        },
      );
    }
    if (output.ETag === undefined || output.ETag === '') {
      throw new SsecError('SERVICE_REFUSED', `The server gave no ETag for part ${number} of ${address}.`);
    }
  }

  #partCommand(number: number, body: ObservedSource, digest: SourceDigest): UploadPartCommand {
    const { bucket, key, customerKey } = this.#options;
    return new UploadPartCommand({
      Bucket: bucket,
      Key: key,
      UploadId: this.#uploadId,
      PartNumber: number,
      Body: body as unknown as Buffer,
      ContentLength: body.size,
      ChecksumCRC32: digest.crc32,
      ...(digest.md5 === undefined ? {} : { ContentMD5: digest.md5 }),
      ...customerKey?.requestFields(),
    });
  }

  /** @returns whether nothing is left of the upload */
  async #abort(): Promise<boolean> {
    const { client, bucket, key } = this.#options;
    const upload = { bucket, key, uploadId: this.#uploadId };
    return abortUpload(upload, { client, signal: AbortSignal.timeout(ABORT_TIMEOUT_MS) }).then(
      () => true,
      () => false,
    );
  }

  #weight(): number {
    const { client } = this.#options;
    return client.partWeight === 1
      ? 1
      : client.partWeight * Math.max(1, this.#feed.heldBytes / PART_SHARE_BYTES);
  }

  #request(operation: string): ServiceRequest {
    const { client, bucket, key, customerKey, storageClass } = this.#options;
    return {
      operation,
      bucket,
      key,
      customerKeySent: customerKey !== undefined,
      storageClass: operation === 'CreateMultipartUpload' ? storageClass : undefined,
      tagged: operation === 'CreateMultipartUpload' && hasTags(this.#options),
      endpoint: client.endpoint,
    };
  }
}

function resultOf(
  { bucket, key, contentType }: Pick<PutObjectOptions, 'bucket' | 'key' | 'contentType'>,
  parts: UploadedParts,
  { etag, versionId, proof }: StoredObject,
): PutObjectResult {
  return {
    bucket,
    key,
    size: parts.size,
    etag: etag === '' ? undefined : etag,
    versionId,
    contentType,
    checksum: { algorithm: 'CRC32', value: parts.crc32 },
    proof,
  };
}

/** What the server said at the beginning of the checksums that it will keep: of that alone Complete may speak. */
function keptChecksums(output: CreateMultipartUploadCommandOutput): KeptChecksums {
  if (output.ChecksumAlgorithm !== 'CRC32') return 'none';
  return output.ChecksumType === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE';
}

function isBadDigest(error: unknown): boolean {
  return error instanceof SsecError && error.code === 'CHECKSUM_MISMATCH' && error.context['status'] === 400;
}
