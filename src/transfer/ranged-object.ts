import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import type { SsecClient } from '../client.ts';
import { SsecError } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { formatObjectAddress } from '../object-address.ts';
import type { ObjectHead } from '../object-head.ts';
import { versionField } from '../object-version.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type ServiceRequest, toSsecError } from '../service-error.ts';
import { echoes } from '../write-proof.ts';
import { withAttempts } from './attempts.ts';
import { BulkBody } from '../transport/bulk-body.ts';
import { checkRange } from './byte-range.ts';

/** Bytes after which a connection that broke counts as one that worked. */
const PROGRESS_BYTES = 4 * 1024 ** 2;

/** Takes bytes in order; may be called again before the last promise resolved, never more than a few times. */
export type Consume = (chunk: Buffer) => Promise<void>;

/** A body that came with the first answer. */
export interface OpenedBody {
  readonly body: Readable;
  /** Gives back the slot that its request took; may be called again. */
  readonly release: () => void;
}

export interface RangedObjectOptions {
  readonly client: SsecClient;
  readonly customerKey: CustomerKey | undefined;
  readonly request: ServiceRequest;
  readonly onRetry?: (() => void) | undefined;
}

/**
 * One state of an object, read in ranges: every request says which ETag it wants, so that bytes of two states never
 * mix.
 */
export class RangedObject {
  readonly head: ObjectHead;
  readonly #options: RangedObjectOptions;

  constructor(head: ObjectHead, options: RangedObjectOptions) {
    this.head = head;
    this.#options = options;
  }

  /**
   * Reads a range to its end; where a body breaks off midway, another request goes on from there.
   *
   * @param end first byte behind it
   * @param opened a body that was asked for already and begins at `start`
   * @throws SsecError OBJECT_CHANGED, SIZE_MISMATCH, NETWORK, ...
   */
  async read(
    start: number,
    end: number,
    consume: Consume,
    signal: AbortSignal | undefined,
    opened?: Readable,
  ): Promise<void> {
    const { client, request, onRetry } = this.#options;
    let position = start;
    const count: Consume = (chunk) => {
      const wanted = chunk.subarray(0, end - position);
      position += wanted.length;
      return consume(wanted);
    };
    let body = opened;
    let broken: SsecError | undefined;
    let mark = start;
    // a connection that breaks now and then gets there in the end
    const hasProgressed = (): boolean => {
      const moved = position - mark >= PROGRESS_BYTES;
      mark = position;
      return moved;
    };
    await withAttempts({ maxAttempts: client.maxAttempts, signal, onRetry, hasProgressed }, async () => {
      try {
        const before = position;
        body ??= await this.#open(position, end, signal);
        // only a body that nobody asked a range of goes on behind it
        const isCut = body === opened && end < this.head.size;
        await pour(body, count, () => isCut && position >= end, signal);
        if (position === end) return;
        throw new SsecError(
          'SIZE_MISMATCH',
          `${position - before} of ${end - before} bytes of ${formatObjectAddress(this.head)} came.`,
          { hints: ['get it again'] },
        );
      } catch (error) {
        signal?.throwIfAborted();
        const failure = toSsecError(error, request);
        // a server that knows no ranges: what the user must hear of is why one was needed
        if (failure.code === 'NOT_SUPPORTED' && broken !== undefined) throw broken;
        broken = failure;
        throw failure;
      } finally {
        body?.destroy();
        body = undefined;
      }
    });
  }

  async #open(start: number, end: number, signal: AbortSignal | undefined): Promise<Readable> {
    const { client, customerKey, request } = this.#options;
    const { bucket, key, etag } = this.head;
    if (etag === undefined) {
      throw new SsecError('NETWORK', `The connection broke, and the server gave no ETag to go on by.`, {
        hints: ['get it again'],
      });
    }
    const range = `bytes=${start}-${end - 1}`;
    const output = await client
      .send<GetObjectCommandOutput>(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...versionField(request),
          Range: range,
          IfMatch: etag,
          ...customerKey?.requestFields(),
        }),
        { signal, bulk: true },
      )
      .catch((error: unknown) => {
        throw serviceAnswer(error)?.status === 412
          ? objectChanged(this.head, error)
          : toSsecError(error, request);
      });
    const { Body: body } = output;
    if (!(body instanceof Readable))
      throw new SsecError('INTERNAL', 'The SDK returned a body that is no stream.');
    try {
      if (customerKey !== undefined && !echoes(output, customerKey)) throw objectChanged(this.head);
      // a server that knows no If-Match would answer with what is there now
      if (output.ETag !== etag) throw objectChanged(this.head);
      checkRange(range, output, this.head);
    } catch (error) {
      body.destroy();
      throw error;
    }
    return body;
  }
}

function objectChanged(head: ObjectHead, cause?: unknown): SsecError {
  return new SsecError('OBJECT_CHANGED', `${formatObjectAddress(head)} changed while it was read.`, {
    hints: ['get it again'],
    cause,
  });
}

/** Hands a body over chunk by chunk, until it ends or enough has come. */
async function pour(
  body: Readable,
  consume: Consume,
  isEnough: () => boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (body instanceof BulkBody) {
    let stopped = false;
    try {
      await body.pour(async (block) => {
        signal?.throwIfAborted();
        await consume(block);
        if (!isEnough()) return;
        stopped = true;
        body.destroy();
      });
    } catch (error) {
      if (!stopped) throw error;
    }
    return;
  }
  for await (const chunk of body) {
    signal?.throwIfAborted();
    if (!Buffer.isBuffer(chunk)) throw new SsecError('INTERNAL', 'The body came as text.');
    await consume(chunk);
    if (isEnough()) return;
  }
}
