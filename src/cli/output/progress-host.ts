import type { Output } from '../io.ts';
import type { ProgressBar } from './progress-bar.ts';
import type { Progress } from './reporter.ts';
import type { TimedProgress } from './timed-progress.ts';

const BAR_INTERVAL_MS = 100;
const LINES_INTERVAL_MS = 1000;

const SILENT: Progress = {
  isShown: false,
  update: () => undefined,
  resumed: () => undefined,
  total: () => undefined,
  files: () => undefined,
  retry: () => undefined,
  stop: () => undefined,
};

/** The progress that a reporter shows: one at a time, and never in the way of its other lines. */
export class ProgressHost {
  readonly #stderr: Output;
  #progress: TimedProgress | undefined;
  #bar: ProgressBar | undefined;

  constructor(stderr: Output) {
    this.#stderr = stderr;
  }

  /** @param label cleaned already */
  async start(
    how: 'bar' | 'json' | 'none',
    what: { readonly label: string; readonly totalBytes: number | undefined; readonly signal?: AbortSignal },
  ): Promise<Progress> {
    if (how === 'none') return SILENT;
    const { TimedProgress: Timed } = await import('./timed-progress.ts');
    this.#progress?.stop();
    if (how === 'json') {
      const { ProgressLines } = await import('./progress-lines.ts');
      const view = new ProgressLines(this.#stderr);
      this.#progress = new Timed(view, { ...what, intervalMs: LINES_INTERVAL_MS });
    } else {
      const { ProgressBar: Bar } = await import('./progress-bar.ts');
      this.#bar = new Bar(this.#stderr, what.label);
      this.#progress = new Timed(this.#bar, { ...what, intervalMs: BAR_INTERVAL_MS });
    }
    return this.#progress;
  }

  /** A request was tried again. */
  retry(): void {
    this.#progress?.retry();
  }

  /** Prints with the bar out of the way, where there is one. */
  aside<T>(print: () => T): T {
    this.#bar?.erase();
    const printed = print();
    this.#bar?.redraw();
    return printed;
  }
}
