import type { Progress } from './reporter.ts';
import { TransferMeter, type TransferStatus } from './transfer-meter.ts';

/** Shows a transfer. */
export interface ProgressView {
  draw(status: TransferStatus): void;
  end(status: TransferStatus, outcome: 'done' | 'failed'): void;
}

/** A transfer that is shown at an interval, and not when its numbers change. */
export class TimedProgress extends TransferMeter implements Progress {
  readonly isShown = true;
  readonly #view: ProgressView;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.stop();
  #ended = false;

  /** @param options.signal ends it at once: what follows is cleaning up */
  constructor(
    view: ProgressView,
    options: {
      readonly intervalMs: number;
      readonly totalBytes: number | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ) {
    super(options.totalBytes);
    this.#view = view;
    this.#signal = options.signal;
    this.#timer = setInterval(() => view.draw(this.measure()), options.intervalMs);
    this.#timer.unref();
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (this.#signal?.aborted === true) this.stop();
  }

  stop(outcome: 'done' | 'failed' = 'failed'): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#view.end(this.measure(), outcome);
  }
}
