import type { Progress } from './reporter.ts';

/** The rate is that of so long a time (milliseconds). */
const WINDOW_MS = 5000;

/** How far a transfer is, at one moment. */
export interface TransferStatus {
  readonly bytes: number;
  readonly totalBytes: number | undefined;
  /** Of `bytes`, what was there before. */
  readonly resumedBytes: number;
  readonly files: number;
  readonly totalFiles: number;
  readonly retries: number;
  readonly elapsedMs: number;
  /** Of the last seconds. */
  readonly bytesPerSecond: number;
  /** Of the whole run. */
  readonly averageBytesPerSecond: number;
  /** Undefined where it cannot be known. */
  readonly secondsLeft: number | undefined;
}

/** Keeps a transfer's numbers. What is called for every chunk stores one and does no more. */
export class TransferMeter implements Omit<Progress, 'stop' | 'isShown'> {
  readonly #startedAt = performance.now();
  #bytes = 0;
  #total: number | undefined;
  #resumed = 0;
  #files = 0;
  #totalFiles = 1;
  #retries = 0;
  /** Bytes that were moved in all, those of tries that failed too; grows only, from look to look. */
  #moved = 0;
  #seen = 0;
  readonly #samples = [{ at: this.#startedAt, moved: 0 }];

  constructor(totalBytes: number | undefined) {
    this.#total = totalBytes;
  }

  update(bytes: number): void {
    this.#bytes = bytes;
  }

  resumed(bytes: number): void {
    this.#bytes += bytes - this.#resumed;
    this.#resumed = bytes;
  }

  total(bytes: number | undefined): void {
    this.#total = bytes;
  }

  files(done: number, total: number): void {
    this.#files = done;
    this.#totalFiles = total;
  }

  retry(): void {
    this.#retries++;
  }

  /** Takes a sample for the rate. */
  measure(): TransferStatus {
    const now = performance.now();
    const own = this.#bytes - this.#resumed;
    // what goes backwards is sent once more, and was moved all the same
    this.#moved += Math.max(0, own - this.#seen);
    this.#seen = own;
    const bytesPerSecond = this.#sample(now);
    const elapsedMs = now - this.#startedAt;
    return {
      bytes: this.#bytes,
      totalBytes: this.#total,
      resumedBytes: this.#resumed,
      files: this.#files,
      totalFiles: this.#totalFiles,
      retries: this.#retries,
      elapsedMs,
      bytesPerSecond,
      averageBytesPerSecond: elapsedMs > 0 ? (Math.max(0, own) * 1000) / elapsedMs : 0,
      secondsLeft: secondsLeft(this.#total, this.#bytes, bytesPerSecond),
    };
  }

  #sample(now: number): number {
    const samples = this.#samples;
    // connecting and reading the file for its checksum are not part of the rate
    if (this.#moved === 0) samples.length = 0;
    samples.push({ at: now, moved: this.#moved });
    // the first is the last one from before the window
    while (samples[1] !== undefined && samples[1].at <= now - WINDOW_MS) samples.shift();
    const first = samples[0] ?? { at: now, moved: this.#moved };
    return now > first.at ? ((this.#moved - first.moved) * 1000) / (now - first.at) : 0;
  }
}

function secondsLeft(total: number | undefined, bytes: number, bytesPerSecond: number): number | undefined {
  if (total === undefined) return undefined;
  if (bytes >= total) return 0;
  return bytesPerSecond > 0 ? (total - bytes) / bytesPerSecond : undefined;
}
