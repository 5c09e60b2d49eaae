import type { Output } from '../io.ts';
import type { JsonRecord } from './reporter.ts';
import type { ProgressView } from './timed-progress.ts';
import type { TransferStatus } from './transfer-meter.ts';

/** For machines: a JSON object a line. */
export class ProgressLines implements ProgressView {
  readonly #stream: Output;

  constructor(stream: Output) {
    this.#stream = stream;
  }

  draw(status: TransferStatus): void {
    // whoever does not read now wants the newest later, not all of them
    if (!this.#stream.writableNeedDrain) this.#write(progressRecord(status));
  }

  /** The last one tells the average, and of what is done how much it was. */
  end(status: TransferStatus, outcome: 'done' | 'failed'): void {
    const done = outcome === 'done';
    this.#write(
      progressRecord({
        ...status,
        bytesPerSecond: status.averageBytesPerSecond,
        secondsLeft: done ? 0 : undefined,
        totalBytes: status.totalBytes ?? (done ? status.bytes : undefined),
        files: done && status.totalFiles === 1 ? 1 : status.files,
      }),
    );
  }

  #write(record: JsonRecord): void {
    this.#stream.write(`${JSON.stringify(record)}\n`);
  }
}

function progressRecord(status: TransferStatus): JsonRecord {
  const { secondsLeft } = status;
  return {
    type: 'progress',
    Bytes: status.bytes,
    TotalBytes: status.totalBytes ?? null,
    Files: status.files,
    TotalFiles: status.totalFiles,
    BytesPerSecond: Math.round(status.bytesPerSecond),
    SecondsLeft: secondsLeft === undefined ? null : Math.ceil(secondsLeft),
    Retries: status.retries,
  };
}
