import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandOutput,
  UploadPartCopyCommand,
  type UploadPartCopyCommandOutput,
} from '@aws-sdk/client-s3';
import { copySource } from '../copy-source.ts';
import { SsecError, withHints } from '../errors.ts';
import { ABORT_TIMEOUT_MS, abortUpload } from '../multipart-uploads.ts';
import { formatObjectAddress } from '../object-address.ts';
import { objectHead } from '../object-head.ts';
import { descriptionFields } from '../put-request.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type ServiceRequest, failureOf, toSsecError } from '../service-error.ts';
import { shellWord } from '../shell-word.ts';
import { isResumable, withAttempts } from '../transfer/attempts.ts';
import type { StoredChecksum } from '../transfer/checksum.ts';
import { isCrc } from '../transfer/crc-combine.ts';
import { type Piece, type PartPlan, pieceOf, planCopies } from '../transfer/part-plan.ts';
import { readEchoHeaders } from '../transfer/response-headers.ts';
import { TransferProgress } from '../transfer/transfer-progress.ts';
import { runWorkers } from '../transfer/workers.ts';
import { echoes } from '../write-proof.ts';
import { conditionFields } from '../write-condition.ts';
import { explainWriteRefusal } from '../write-refusal.ts';
import { headersOf } from './copied-description.ts';
import { type CopiedPart, CopyJournal } from './copy-journal.ts';
import { explainCopyRefusal, isUnchanged } from './copy-refusal.ts';
import { changedMeanwhile } from './rekey-errors.ts';
import { type Copied, type Rekeying, isInPlace } from './rekeying.ts';
import { requireKeyUsed } from './rekey-proof.ts';

/**
 * Copies an object of more than 5 GiB inside the server, in parts, several at once. The target is what it was until the
 * last request makes the new object of the parts. Where it is cut off, the parts that are there stay, if there is a
 * journal to note them in, and a later call goes on with them.
 *
 * @throws SsecError as `copyWhole`
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html
 */
export async function copyInParts(rekeying: Rekeying): Promise<Copied> {
  const copy = new MultipartCopy(rekeying, await CopyJournal.open(rekeying));
  await copy.begin();
  try {
    await copy.sendParts();
    return await copy.complete();
  } catch (error) {
    throw await copy.end(error);
  }
}

class MultipartCopy {
  readonly #rekeying: Rekeying;
  readonly #plan: PartPlan;
  readonly #progress: TransferProgress;
  /** The source's, where an upload can have one of its kind for the whole. */
  readonly #checksum: StoredChecksum | undefined;
  readonly #parts = new Map<number, CopiedPart>();
  #journal: CopyJournal | undefined;
  #uploadId = '';

  constructor(rekeying: Rekeying, journal: CopyJournal | undefined) {
    this.#rekeying = rekeying;
    this.#journal = journal;
    this.#plan = planCopies(rekeying.head.ContentLength ?? 0);
    this.#progress = new TransferProgress(rekeying);
    const { checksum } = objectHead(rekeying.source, rekeying.head, true);
    this.#checksum = checksum !== undefined && isCrc(checksum.algorithm) ? checksum : undefined;
  }

  /** Finds the copy that an earlier run left, or begins one. */
  async begin(): Promise<void> {
    try {
      const earlier = await this.#journal?.find();
      if (earlier === undefined) {
        await this.#create();
        return;
      }
      this.#uploadId = earlier.uploadId;
      for (const part of earlier.parts) {
        this.#parts.set(part.number, part);
        this.#progress.resumed(pieceOf(this.#plan, part.number).size);
      }
    } catch (error) {
      await this.#journal?.keep();
      throw error;
    }
  }

  async sendParts(): Promise<void> {
    const { client, signal } = this.#rekeying;
    const numbers = Array.from({ length: this.#plan.count }, (_, i) => i + 1);
    const queue = numbers.filter((number) => !this.#parts.has(number)).values();
    await runWorkers(Math.min(client.slots.capacity, this.#plan.count), signal, async (stop) => {
      for (const number of queue) {
        const release = await client.slots.acquire(1, stop);
        try {
          await this.#copyPart(pieceOf(this.#plan, number), stop);
        } finally {
          release();
        }
      }
    });
  }

  async complete(): Promise<Copied> {
    const { client, target, to, head, noOverwrite, signal, onRetry } = this.#rekeying;
    const inPlace = isInPlace(this.#rekeying);
    // many servers ignore the condition on Complete (RGW 16 does); not atomic, but better than nothing
    if (inPlace && !client.isAws && !(await isUnchanged(this.#rekeying)))
      throw changedMeanwhile(this.#rekeying);
    const guardsTarget = inPlace && client.guardsCopies;
    const command = new CompleteMultipartUploadCommand({
      Bucket: target.bucket,
      Key: target.key,
      UploadId: this.#uploadId,
      MultipartUpload: {
        Parts: [...this.#parts.values()]
          .sort((a, b) => a.number - b.number)
          .map(({ number, etag }) => ({ PartNumber: number, ETag: etag })),
      },
      MpuObjectSize: this.#plan.size,
      // S3 compares it with what the parts make
      ...(this.#checksum === undefined
        ? {}
        : { [`Checksum${this.#checksum.algorithm}`]: this.#checksum.value, ChecksumType: 'FULL_OBJECT' }),
      ...conditionFields({
        ...target,
        ...(guardsTarget && head.ETag !== undefined ? { ifMatch: head.ETag } : {}),
        noOverwrite,
      }),
      ...to?.requestFields(),
    });
    const echo = readEchoHeaders(command);
    let versionId: string | undefined;
    let wasRepeated = false;
    try {
      const output = await withAttempts({ maxAttempts: client.maxAttempts, signal, onRetry }, (attempt) => {
        wasRepeated ||= attempt > 1;
        return client.send<CompleteMultipartUploadCommandOutput>(command, { signal });
      });
      versionId = output.VersionId;
    } catch (error) {
      if (serviceAnswer(error)?.status === 501 && guardsTarget) {
        client.guardsCopies = false;
        return this.complete();
      }
      const verdict = await explainCopyRefusal(this.#rekeying, error, 'CompleteMultipartUpload', wasRepeated);
      if (verdict instanceof SsecError) throw verdict;
      // where it was lost before it did its work, and somebody else's did
      await this.#abort();
      versionId = verdict.versionId;
    }
    await requireKeyUsed(this.#rekeying, { ...echo(), VersionId: versionId });
    await this.#journal?.remove();
    return { by: 'UploadPartCopy', versionId, sent: undefined };
  }

  /** Keeps what another run can go on with and clears away the rest; returns the error to throw. */
  async end(error: unknown): Promise<SsecError> {
    const { target, signal } = this.#rekeying;
    const failure = failureOf(error, this.#request('UploadPartCopy'), signal);
    const drop = `ssec uploads --abort ${shellWord(this.#uploadId)} -b ${target.bucket}`;
    if (this.#journal !== undefined && isResumable(failure)) {
      await this.#journal.keep();
      return withHints(failure, [
        'the parts that were copied are kept: run the same command again to go on',
        `or drop them: ${drop}`,
      ]);
    }
    const gone = await this.#abort();
    await this.#journal?.remove();
    return gone ? failure : withHints(failure, [`parts of the copy may be left, and cost money: ${drop}`]);
  }

  async #create(): Promise<void> {
    const { client, target, to, head, tags, signal } = this.#rekeying;
    let output: CreateMultipartUploadCommandOutput;
    try {
      output = await client.send<CreateMultipartUploadCommandOutput>(
        new CreateMultipartUploadCommand({
          Bucket: target.bucket,
          Key: target.key,
          ChecksumAlgorithm: this.#checksum?.algorithm ?? 'CRC64NVME',
          ChecksumType: 'FULL_OBJECT',
          ...descriptionFields({
            metadata: head.Metadata ?? {},
            headers: headersOf(head),
            ...(head.ContentType === undefined ? {} : { contentType: head.ContentType }),
            ...(head.StorageClass === undefined ? {} : { storageClass: head.StorageClass }),
            ...(tags === undefined ? {} : { tags }),
          }),
          ...to?.requestFields(),
        }),
        { signal },
      );
    } catch (error) {
      throw await explainWriteRefusal(client, error, this.#request('CreateMultipartUpload'), signal);
    }
    if (output.UploadId === undefined || output.UploadId === '') {
      throw new SsecError('SERVICE_REFUSED', `The server began no copy to ${formatObjectAddress(target)}.`);
    }
    this.#uploadId = output.UploadId;
    if (to !== undefined && !echoes(output, to)) {
      throw await this.end(
        new SsecError(
          'KEY_IGNORED',
          `The server took the key for ${formatObjectAddress(target)} and did not use it: it does not do SSE-C.`,
          { hints: ['nothing was stored'] },
        ),
      );
    }
    await this.#journal?.begin(this.#uploadId).catch(async (error: unknown) => {
      const { message } = toSsecError(error, this.#request(''));
      this.#rekeying.onNotice?.(`${message} This copy cannot be gone on with later.`);
      await this.#journal?.remove();
      this.#journal = undefined;
    });
  }

  async #copyPart({ number, start, size }: Piece, signal: AbortSignal): Promise<void> {
    const { client, source, target, from, to, head, onRetry } = this.#rekeying;
    const command = new UploadPartCopyCommand({
      Bucket: target.bucket,
      Key: target.key,
      UploadId: this.#uploadId,
      PartNumber: number,
      CopySource: copySource(source),
      CopySourceRange: `bytes=${start}-${start + size - 1}`,
      ...(head.ETag === undefined ? {} : { CopySourceIfMatch: head.ETag }),
      ...from?.copySourceFields(),
      ...to?.requestFields(),
    });
    const output = await withAttempts({ maxAttempts: client.maxAttempts, signal, onRetry }, () =>
      client.send<UploadPartCopyCommandOutput>(command, { signal }).catch((error: unknown) => {
        throw toSsecError(error, this.#request('UploadPartCopy'));
      }),
    ).catch(async (error: unknown) => {
      signal.throwIfAborted();
      throw await this.#partRefusal(error);
    });
    const address = formatObjectAddress(target);
    if (output.SSECustomerKeyMD5 !== undefined && output.SSECustomerKeyMD5 !== to?.md5)
      throw new SsecError(
        'KEY_IGNORED',
        `The server encrypted part ${number} of ${address} with another key.`,
      );
    const etag = output.CopyPartResult?.ETag;
    if (etag === undefined || etag === '')
      throw new SsecError('SERVICE_REFUSED', `The server gave no ETag for part ${number} of ${address}.`);
    const part = { number, etag };
    this.#parts.set(number, part);
    this.#progress.piece()(size);
    await this.#journal?.add(part);
  }

  async #partRefusal(error: unknown): Promise<unknown> {
    const cause = error instanceof SsecError ? (error.cause ?? error) : error;
    const verdict = await explainCopyRefusal(this.#rekeying, cause, 'UploadPartCopy');
    if (verdict instanceof SsecError) return verdict;
    // made by another run: of this one there is no more than parts
    return isInPlace(this.#rekeying) ? changedMeanwhile(this.#rekeying, cause) : error;
  }

  /** @returns whether nothing is left of it */
  async #abort(): Promise<boolean> {
    const { client, target } = this.#rekeying;
    const upload = { ...target, uploadId: this.#uploadId };
    return abortUpload(upload, { client, signal: AbortSignal.timeout(ABORT_TIMEOUT_MS) }).then(
      () => true,
      () => false,
    );
  }

  #request(operation: string): ServiceRequest {
    const { client, target, to } = this.#rekeying;
    return { operation, ...target, customerKeySent: to !== undefined, endpoint: client.endpoint };
  }
}
