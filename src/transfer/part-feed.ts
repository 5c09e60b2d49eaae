import { SsecError } from '../errors.ts';
import { BufferPool } from './buffer-pool.ts';
import { BytesSource } from './bytes-source.ts';
import { orInterrupted } from './or-interrupted.ts';
import { MAX_PARTS, type PartPlan, pieceOf, streamPartSize } from './part-plan.ts';
import { PieceSource } from './piece-source.ts';
import { RunningDigest, type Source, type SourceDigest } from './source.ts';
import type { StreamSource } from './stream-source.ts';

/** Parts up to this size are held in memory, so that one that fails is sent again without reading it again. */
const MAX_HELD_BYTES = 32 * 1024 ** 2;

/** A part, ready to be hashed and sent as often as it takes. */
export interface LoadedPart {
  /** From 1. */
  readonly number: number;
  readonly body: Source;
  readonly digest: SourceDigest;
  /** Its memory may be used again. */
  release(): void;
}

export interface NextPartOptions {
  readonly md5: boolean;
  readonly signal: AbortSignal;
}

/** Read and hashed at once (bytes): what was just read is still in the processor's cache. */
const SLICE_BYTES = 512 * 1024;

/** Gives out the parts of an upload, each once, to whoever asks next. */
export interface PartFeed {
  /** Bytes that the next part holds in memory: what must be counted before it is asked for. */
  readonly heldBytes: number;
  /**
   * @param options.signal ends the wait for a part that may never come
   * @returns undefined = there are no more
   */
  next(options: NextPartOptions): Promise<LoadedPart | undefined>;
}

/** Parts of a file: read by position, so that several can be read at once. */
export class FileParts implements PartFeed {
  readonly heldBytes: number;
  readonly #source: Source;
  readonly #plan: PartPlan;
  readonly #pool = new BufferPool();
  #number = 0;

  constructor(source: Source, plan: PartPlan) {
    this.#source = source;
    this.#plan = plan;
    this.heldBytes = plan.partSize > MAX_HELD_BYTES ? 0 : plan.partSize;
  }

  async next(options: NextPartOptions): Promise<LoadedPart | undefined> {
    if (this.#number >= this.#plan.count) return undefined;
    this.#number += 1;
    const piece = pieceOf(this.#plan, this.#number);
    if (this.heldBytes === 0) {
      const body = new PieceSource(this.#source, piece);
      const digest = await body.digest(options);
      return { number: piece.number, body, digest, release: () => undefined };
    }
    const buffer = this.#pool.take(this.#plan.partSize);
    const bytes = buffer.subarray(0, piece.size);
    const sum = new RunningDigest(options.md5);
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      const slice = bytes.subarray(at, at + SLICE_BYTES);
      await this.#source.read(piece.start + at, slice);
      sum.update(slice);
    }
    return {
      number: piece.number,
      body: new BytesSource(bytes, this.#source.name),
      digest: sum.digest(),
      release: () => this.#pool.give(buffer),
    };
  }
}

/** Parts of a stream: read one after the other, whoever asks. */
export class StreamParts implements PartFeed {
  readonly #source: StreamSource;
  readonly #firstSize: number | undefined;
  readonly #pool = new BufferPool();
  #begun: Uint8Array | undefined;
  #number = 0;
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param firstSize bytes of the first parts
   * @param begun what was read of it already: all of the first part
   */
  constructor(source: StreamSource, firstSize: number | undefined, begun: Uint8Array) {
    this.#source = source;
    this.#firstSize = firstSize;
    this.#begun = begun;
  }

  get heldBytes(): number {
    return streamPartSize(this.#number + 1, this.#firstSize);
  }

  next({ md5, signal }: NextPartOptions): Promise<LoadedPart | undefined> {
    const turn = this.#turn.then(() => this.#read(md5));
    this.#turn = turn.catch(() => undefined);
    return orInterrupted(turn, signal);
  }

  async #read(md5: boolean): Promise<LoadedPart | undefined> {
    if (this.#ended) return undefined;
    const number = this.#number + 1;
    if (this.#begun !== undefined) {
      const body = new BytesSource(this.#begun, this.#source.name);
      this.#begun = undefined;
      this.#number = number;
      return { number, body, digest: await body.digest({ md5 }), release: () => undefined };
    }
    const buffer = this.#pool.take(streamPartSize(number, this.#firstSize));
    const filled = await this.#source.fill(buffer);
    this.#ended = filled < buffer.length;
    if (filled === 0) return undefined;
    if (number > MAX_PARTS) {
      throw new SsecError('USAGE', `${this.#source.name} does not end within S3's 10,000 parts.`, {
        hints: ['begin with larger parts: --part-size 64MiB'],
      });
    }
    this.#number = number;
    const body = new BytesSource(buffer.subarray(0, filled), this.#source.name);
    return {
      number,
      body,
      digest: await body.digest({ md5 }),
      release: () => this.#pool.give(buffer),
    };
  }
}
