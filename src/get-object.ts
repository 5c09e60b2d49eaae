import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { SsecClient } from './client.ts';
import { SsecError, withHints } from './errors.ts';
import { provenHead, sendHead } from './head-object.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import { checkBucketName, checkObjectKey } from './object-address.ts';
import type { ObjectHead } from './object-head.ts';
import { checkVersionId, versionField } from './object-version.ts';
import { explainReadRefusal } from './read-refusal.ts';
import { type ServiceRequest, failureOf, toSsecError } from './service-error.ts';
import { isResumable } from './transfer/attempts.ts';
import { checkRange } from './transfer/byte-range.ts';
import type { ChecksumAlgorithm } from './transfer/checksum.ts';
import { isCrc } from './transfer/crc-combine.ts';
import { DownloadJournal, type EarlierDownload } from './transfer/download-journal.ts';
import { type DownloadProof, DownloadVerifier, verifyChecksum } from './transfer/download-proof.ts';
import { downloadInOrder } from './transfer/ordered-download.ts';
import { SINGLE_GET_BYTES, type PartPlan, planRanges, planReadAhead } from './transfer/part-plan.ts';
import { orInterrupted } from './transfer/or-interrupted.ts';
import { type OpenedBody, RangedObject } from './transfer/ranged-object.ts';
import { downloadRanges } from './transfer/ranged-download.ts';
import { type PositionedSink, type Sink, isPositioned } from './transfer/sink.ts';
import type { JournalPlace } from './transfer/transfer-journal.ts';
import { TransferProgress } from './transfer/transfer-progress.ts';

export interface GetObjectOptions {
  readonly client: SsecClient;
  readonly bucket: string;
  readonly key: string;
  /** Which version of it; default: the current one. */
  readonly versionId?: string | undefined;
  /** undefined = ask without SSE-C headers. */
  readonly customerKey: CustomerKey | undefined;
  /** `bytes=0-99`, as in HTTP. */
  readonly range?: string;
  /**
   * Opened once S3 answered and the answer is right, so that a refusal leaves nothing behind.
   *
   * @param earlier where an earlier call put what it got of this very object, to be opened again
   */
  readonly openSink: (object: ObjectHead, earlier?: EarlierDownload) => Promise<Sink>;
  /** Where is noted what came of a large object, so that a later call goes on from there; default: nowhere. */
  readonly journal?: JournalPlace;
  /** Called with the bytes that came so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Called with the bytes that an earlier call had got already, before they count as progress. */
  readonly onResumed?: (bytes: number) => void;
  /** Called when a range is tried again. */
  readonly onRetry?: () => void;
  /** Called with a sentence that the user should read. */
  readonly onNotice?: (message: string) => void;
  readonly signal?: AbortSignal;
}

export interface GetObjectResult extends ObjectHead {
  readonly proof: DownloadProof;
}

/**
 * Downloads an object into a sink, which is committed only if every byte came and the checksum that S3 holds
 * agrees, and discarded otherwise. Large objects come in several ranges at once, all of one and the same ETag.
 *
 * @throws SsecError KEY_MISSING, KEY_MISMATCH, KEY_NOT_NEEDED, OBJECT_NOT_FOUND, ACCESS_DENIED, OBJECT_CHANGED,
 *   CHECKSUM_MISMATCH, SIZE_MISMATCH, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function getObject(options: GetObjectOptions): Promise<GetObjectResult> {
  const { client, bucket, key, versionId, customerKey } = options;
  checkBucketName(bucket);
  checkObjectKey(key);
  checkVersionId(versionId);
  const request: ServiceRequest = {
    operation: 'GetObject',
    bucket,
    key,
    versionId,
    customerKeySent: customerKey !== undefined,
    fingerprint: customerKey?.fingerprint,
    endpoint: client.endpoint,
  };
  const download = new Download(options, request);
  try {
    return (await download.goOn()) ?? (await download.begin());
  } catch (error) {
    throw error instanceof SsecError ? error : failureOf(error, request, options.signal);
  }
}

class Download {
  readonly #options: GetObjectOptions;
  readonly #request: ServiceRequest;
  readonly #progress: TransferProgress;

  constructor(options: GetObjectOptions, request: ServiceRequest) {
    this.#options = options;
    this.#request = request;
    this.#progress = new TransferProgress(options);
  }

  /** Goes on with what an earlier call left; undefined where it left nothing that fits. */
  async goOn(): Promise<GetObjectResult | undefined> {
    if (this.#options.range !== undefined) return undefined;
    const journal = await DownloadJournal.find(this.#options);
    if (journal?.earlier === undefined) return undefined;
    let head: ObjectHead;
    let plan: PartPlan;
    let sink: Sink | undefined;
    try {
      head = this.#headOf(await sendHead(this.#options, this.#request));
      plan = planRanges(head.size);
      if (journal.fits(head, plan, rangeAlgorithm(head, plan)))
        sink = await this.#options.openSink(head, journal.earlier);
    } catch (error) {
      // what is gone nobody will go on with
      if (error instanceof SsecError && error.code === 'OBJECT_NOT_FOUND') await journal.drop();
      else await journal.close();
      throw error;
    }
    if (sink !== undefined && isPositioned(sink) && sink.temporaryName === journal.earlier.temporaryName) {
      journal.goOn();
      return this.#intoFile(head, plan, sink, journal, undefined);
    }
    await sink?.discard();
    this.#options.onNotice?.(
      `an unfinished download was found, but ${sink === undefined ? 'the object has changed since' : 'its file is gone'}; it starts anew`,
    );
    await journal.drop();
    return undefined;
  }

  async begin(): Promise<GetObjectResult> {
    const { client, range, signal } = this.#options;
    const release = await client.slots.acquire(1, signal);
    let body: Readable | undefined;
    try {
      const output = await this.#sendGet(range);
      if (!(output.Body instanceof Readable))
        throw new SsecError('INTERNAL', 'The SDK returned a body that is no stream.');
      body = output.Body;
      const head = this.#headOf(output);
      if (range !== undefined) checkRange(range, output, this.#options);
      // ranges are what a later call can go on with, also where they come one after the other
      const isWorthIt = client.slots.capacity > client.partWeight || this.#options.journal !== undefined;
      const inRanges =
        head.size > SINGLE_GET_BYTES && range === undefined && head.etag !== undefined && isWorthIt;
      if (!inRanges) return await this.#inOneRequest(head, body);
      const sink = await this.#options.openSink(head);
      const opened = { body, release };
      if (!isPositioned(sink)) return await this.#inOrder(head, sink, opened);
      const journal = await DownloadJournal.open(this.#options);
      return await this.#intoFile(head, planRanges(head.size), sink, journal, opened);
    } finally {
      body?.destroy();
      release();
    }
  }

  async #inOneRequest(head: ObjectHead, body: Readable): Promise<GetObjectResult> {
    const verifier = await DownloadVerifier.create(head, this.#options);
    const sink = await this.#options.openSink(head);
    const progress = this.#progress.piece();
    let received = 0;
    try {
      const start = rangeStart(head);
      await this.#object(head).read(
        start,
        start + head.size,
        (chunk) => {
          received += chunk.length;
          verifier.update(chunk);
          progress(received);
          return this.#write(sink, chunk);
        },
        this.#options.signal,
        body,
      );
      const proof = await verifier.verify();
      await sink.commit();
      return { ...head, proof };
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }

  async #inOrder(head: ObjectHead, sink: Sink, opened: OpenedBody): Promise<GetObjectResult> {
    try {
      const verifier = await DownloadVerifier.create(head, this.#options);
      await downloadInOrder(
        {
          client: this.#options.client,
          object: this.#object(head),
          plan: planReadAhead(head.size),
          write: (chunk) => {
            verifier.update(chunk);
            return this.#write(sink, chunk);
          },
          progress: this.#progress,
          signal: this.#options.signal,
        },
        opened,
      );
      const proof = await verifier.verify();
      await sink.commit();
      return { ...head, proof };
    } catch (error) {
      await sink.discard();
      throw error;
    }
  }

  async #intoFile(
    head: ObjectHead,
    plan: PartPlan,
    sink: PositionedSink,
    journal: DownloadJournal | undefined,
    opened: OpenedBody | undefined,
  ): Promise<GetObjectResult> {
    const algorithm = rangeAlgorithm(head, plan);
    let noted = journal;
    try {
      if (opened !== undefined) {
        await noted?.begin(head, plan, algorithm, sink).catch(async (error: unknown) => {
          this.#options.onNotice?.(
            `${toSsecError(error, this.#request).message} This download cannot be gone on with later.`,
          );
          await noted?.remove();
          noted = undefined;
        });
      }
      const checksum = await downloadRanges(
        {
          client: this.#options.client,
          object: this.#object(head),
          plan,
          algorithm,
          sink,
          journal: noted,
          progress: this.#progress,
          signal: this.#options.signal,
        },
        opened,
      );
      const proof = await this.#verifyFile(head, sink, algorithm, checksum);
      await sink.commit();
      await noted?.remove();
      return { ...head, proof };
    } catch (error) {
      throw await this.#end(error, sink, noted);
    }
  }

  /** Whoever reads a pipe may never read on: a signal must end the wait. A file is waited for. */
  #write(sink: Sink, chunk: Buffer): Promise<void> {
    const { signal } = this.#options;
    const written = sink.write(chunk);
    return signal === undefined || isPositioned(sink) ? written : orInterrupted(written, signal);
  }

  async #verifyFile(
    head: ObjectHead,
    sink: PositionedSink,
    algorithm: ChecksumAlgorithm,
    checksum: string,
  ): Promise<DownloadProof> {
    if (head.checksum?.algorithm === algorithm) {
      verifyChecksum(head, checksum);
      return algorithm;
    }
    const verifier = await DownloadVerifier.create(head, this.#options);
    await verifier.readBack(sink);
    return verifier.verify();
  }

  /** Keeps what another call can go on with and clears away the rest; returns the error to throw. */
  async #end(error: unknown, sink: PositionedSink, journal: DownloadJournal | undefined): Promise<SsecError> {
    const failure = failureOf(error, this.#request, this.#options.signal);
    if (journal === undefined || !isResumable(failure)) {
      await sink.discard();
      await journal?.remove();
      return failure;
    }
    await sink.keep();
    await journal.close();
    return withHints(failure, [
      'what came is kept: run the same command again to go on',
      `or drop it: ssec uploads --abort -b ${this.#options.bucket}`,
    ]);
  }

  #object(head: ObjectHead): RangedObject {
    const { client, customerKey, onRetry } = this.#options;
    return new RangedObject(head, { client, customerKey, request: this.#request, onRetry });
  }

  async #sendGet(range: string | undefined): Promise<GetObjectCommandOutput> {
    const { client, signal } = this.#options;
    const command = new GetObjectCommand({
      ...this.#input(),
      ...(range === undefined ? {} : { Range: range }),
    });
    return client
      .send<GetObjectCommandOutput>(command, { signal, bulk: true })
      .catch(async (error: unknown) => {
        throw await explainReadRefusal(client, error, this.#request, signal);
      });
  }

  #input() {
    const { bucket, key, customerKey } = this.#options;
    return { Bucket: bucket, Key: key, ...versionField(this.#options), ...customerKey?.requestFields() };
  }

  #headOf(output: GetObjectCommandOutput | HeadObjectCommandOutput): ObjectHead {
    return provenHead(this.#options, output, this.#request);
  }
}

/**
 * By what ranges are known: the object's own CRC, so that theirs make it; else CRC32, which is for the journal
 * alone.
 */
function rangeAlgorithm(head: ObjectHead, plan: PartPlan): ChecksumAlgorithm {
  const algorithm = head.checksum?.algorithm;
  if (algorithm === undefined) return 'CRC32';
  return isCrc(algorithm) || plan.count === 1 ? algorithm : 'CRC32';
}

/** Where in the object the first byte of an answer stands. */
function rangeStart(head: ObjectHead): number {
  return Number(/^bytes (\d+)-/.exec(head.contentRange ?? '')?.[1] ?? 0);
}
