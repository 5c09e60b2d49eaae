import { isTooManyFiles } from '../too-many-files.ts';

/**
 * Lets items of a batch for which no more files could be opened wait until another has ended, and thins out the workers:
 * how many files may be open is not known before.
 */
export class Crowd {
  readonly #signal: AbortSignal;
  readonly #waiting: (() => void)[] = [];
  #workers: number;
  #surplus = 0;
  #active = 0;

  /** @param signal aborted = nobody waits any longer */
  constructor(workers: number, signal: AbortSignal) {
    this.#workers = workers;
    this.#signal = signal;
    signal.addEventListener('abort', () => {
      while (this.#waiting.length > 0) this.#wake();
    });
  }

  /** Asked by a worker before each item; false = it is one too many. One always stays. */
  mayGoOn(): boolean {
    if (this.#surplus === 0 || this.#workers === 1) return true;
    this.#surplus -= 1;
    this.#workers -= 1;
    return false;
  }

  /** Runs an item, again where others were in its way. */
  async run(work: () => Promise<void>): Promise<void> {
    this.#active += 1;
    for (let times = 1; ; times++) {
      try {
        await work();
        this.#leave();
        return;
      } catch (error) {
        const isCrowded = isTooManyFiles(error) && this.#active > 1 && !this.#signal.aborted;
        if (!isCrowded) {
          this.#leave();
          throw error;
        }
        if (times === 1) this.#surplus += 1;
        // whoever wakes us counts us in again, so that nobody takes itself for the last one
        this.#active -= 1;
        await new Promise<void>((wake) => this.#waiting.push(wake));
        if (!this.#signal.aborted) continue;
        this.#leave();
        throw error;
      }
    }
  }

  #leave(): void {
    this.#active -= 1;
    this.#wake();
  }

  #wake(): void {
    const wake = this.#waiting.shift();
    if (wake === undefined) return;
    this.#active += 1;
    wake();
  }
}
