/** Sums up what the pieces of a transfer have done; a piece that begins again takes its bytes back. */
export class TransferProgress {
  readonly #onProgress: ((bytes: number) => void) | undefined;
  #done = 0;

  constructor(onProgress: ((bytes: number) => void) | undefined) {
    this.#onProgress = onProgress;
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
