import type { Progress } from '../output/reporter.ts';

/** Sums up what the items of a batch tell of their bytes. */
export class BatchProgress {
  readonly #progress: Progress | undefined;
  #done = 0;
  #resumed = 0;
  #files = 0;
  #seen = 0;
  #totalFiles: number | undefined;

  /** @param progress undefined = nobody is told */
  constructor(progress: Progress | undefined) {
    this.#progress = progress;
  }

  /** What one item tells. */
  item(): { onProgress: (bytes: number) => void; onResumed: (bytes: number) => void; onRetry: () => void } {
    let done = 0;
    let resumed = 0;
    return {
      onProgress: (bytes) => {
        this.#done += bytes - done;
        done = bytes;
        this.#progress?.update(this.#done);
      },
      onResumed: (bytes) => {
        this.#resumed += bytes - resumed;
        resumed = bytes;
        this.#progress?.resumed(this.#resumed);
      },
      onRetry: () => this.#progress?.retry(),
    };
  }

  /** An item begins. */
  seen(): void {
    this.#seen += 1;
    this.#tell();
  }

  /** An item is over, whichever way. @param bytes that were not told as they went */
  ended(bytes = 0): void {
    this.#files += 1;
    this.#done += bytes;
    this.#progress?.update(this.#done);
    this.#tell();
  }

  /** All of them are known. */
  total(files: number, bytes: number): void {
    this.#totalFiles = files;
    this.#progress?.total(bytes);
    this.#tell();
  }

  #tell(): void {
    this.#progress?.files(this.#files, Math.max(this.#totalFiles ?? 0, this.#seen));
  }
}
