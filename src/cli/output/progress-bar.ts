import type { Output } from '../io.ts';
import { formatProgressLine, formatSummary } from './progress-line.ts';
import type { ProgressView } from './timed-progress.ts';
import type { TransferStatus } from './transfer-meter.ts';

/** What is over sooner needs no bar, nor a word about how fast it was (milliseconds). */
const QUIET_MS = 500;

/** Where a terminal does not tell its width. */
const USUAL_COLUMNS = 80;

const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
/** To the end of the screen: a line that a narrower terminal has broken in two goes as a whole. */
const ERASE = '\u001b[J';

/**
 * One line on a terminal. The cursor stays at its start, so that whatever else comes there (the `^C` of the
 * terminal, a prompt after a kill) neither wraps nor stands behind it, and that a terminal which breaks lines anew
 * when it becomes narrower leaves the cursor where erasing must begin.
 */
export class ProgressBar implements ProgressView {
  readonly #stream: Output;
  readonly #label: string;
  #status: TransferStatus | undefined;
  #visible = false;

  /** @param label cleaned already */
  constructor(stream: Output, label: string) {
    this.#stream = stream;
    this.#label = label;
  }

  draw(status: TransferStatus): void {
    if (status.elapsedMs < QUIET_MS) return;
    this.#status = status;
    this.redraw();
  }

  /** Out of the way of other lines, until it is drawn again. */
  erase(): void {
    if (this.#visible) this.#stream.write(`\r${ERASE}`);
    this.#visible = false;
  }

  redraw(): void {
    // a terminal that takes nothing now (Ctrl-S, a slow line) must not be sent ever more
    if (this.#status === undefined || this.#stream.writableNeedDrain) return;
    const columns = this.#stream.columns ?? 0;
    const line = formatProgressLine(this.#label, this.#status, columns > 0 ? columns : USUAL_COLUMNS);
    // in one piece: no state of the terminal's outlives it
    this.#stream.write(`\r${NO_WRAP}${line}${ERASE}\r${WRAP}`);
    this.#visible = true;
  }

  end(status: TransferStatus, outcome: 'done' | 'failed'): void {
    const wasShown = this.#status !== undefined;
    this.erase();
    this.#status = undefined;
    if (wasShown && outcome === 'done') this.#stream.write(`ssec: ${formatSummary(status)}\n`);
  }
}
