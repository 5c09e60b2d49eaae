import type { SsecError } from '../../errors.ts';
import type { Reporter } from '../output/reporter.ts';
import type { BatchOptions } from './batch-options.ts';
import { someFailed } from './item-failure.ts';

/** Counts how the items of a batch ended, and says so. */
export class BatchTally {
  readonly #reporter: Reporter;
  readonly #options: BatchOptions;
  #seen = 0;
  #failed = 0;
  #skipped = 0;
  #isBlind = false;

  constructor(reporter: Reporter, options: BatchOptions) {
    this.#reporter = reporter;
    this.#options = options;
  }

  get hasFailed(): boolean {
    return this.#failed > 0;
  }

  seen(): void {
    this.#seen += 1;
  }

  /** There already, and the same. */
  skipped(): void {
    this.#skipped += 1;
  }

  failed(error: SsecError): void {
    this.#failed += 1;
    this.#reporter.error(error);
  }

  /** Of the same size, and no more can be known; said once. */
  cannotCompare(): void {
    if (this.#isBlind) return;
    this.#isBlind = true;
    this.#reporter.notice(
      'S3 holds no checksum of some objects that could be compared; they are transferred again',
    );
  }

  /**
   * @param nothing what to say where there was no item
   * @throws SsecError PARTIAL
   */
  end(nothing: string): void {
    if (this.#seen === 0) this.#reporter.notice(nothing);
    if (this.#skipped > 0)
      this.#reporter.notice(`${this.#skipped} of ${this.#seen} files were there already`);
    if (this.#failed > 0) throw someFailed(this.#failed, this.#seen, this.#options.skipExisting === true);
  }
}
