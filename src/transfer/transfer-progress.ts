/** Sums up what the pieces of a transfer have done; a piece that begins again takes its bytes back. */
export class TransferProgress {
  readonly #onProgress: ((bytes: number) => void) | undefined;
  readonly #onResumed: ((bytes: number) => void) | undefined;
  #done = 0;
  #resumed = 0;

  constructor(listeners: {
    readonly onProgress?: ((bytes: number) => void) | undefined;
    readonly onResumed?: ((bytes: number) => void) | undefined;
  }) {
    this.#onProgress = listeners.onProgress;
    this.#onResumed = listeners.onResumed;
  }

  /** A piece that an earlier run had done. */
  resumed(bytes: number): void {
    this.#resumed += bytes;
    this.#onResumed?.(this.#resumed);
    this.#done += bytes;
    this.#onProgress?.(this.#done);
  }

  /** @returns to be called with the bytes of one piece that are done by now */
  piece(): (bytes: number) => void {
    let before = 0;
    return (bytes) => {
      this.#done += bytes - before;
      before = bytes;
      this.#onProgress?.(this.#done);
    };
  }
}
