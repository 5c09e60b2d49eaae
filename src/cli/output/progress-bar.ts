import { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';
import type { Output } from '../io.ts';
import type { Progress } from './reporter.ts';

/** One line on a terminal, erased at the end. */
export function startProgressBar(stream: Output, label: string, totalBytes: number): Progress {
  const bytes = (value: number): string => prettyBytes(value, { binary: true });
  const startedAt = performance.now();
  const bar = new SingleBar({
    stream,
    clearOnComplete: true,
    hideCursor: false,
    fps: 10,
    barsize: 24,
    etaBuffer: 50,
    format: `${label} {bar} {percentage}% | {done} of ${bytes(totalBytes)} | {rate}/s | {eta_formatted} left`,
    // where the terminal's width is unknown (0), the bar would be cut to nothing
    linewrap: stream.columns === undefined || stream.columns === 0,
  });
  bar.start(Math.max(totalBytes, 1), 0, { done: bytes(0), rate: bytes(0) });
  return {
    update: (done) => {
      const seconds = (performance.now() - startedAt) / 1000;
      bar.update(done, { done: bytes(done), rate: bytes(seconds > 0 ? done / seconds : 0) });
    },
    stop: () => bar.stop(),
  };
}
