import { SsecError } from '../errors.ts';
import { type Sink, streamSink } from '../transfer/sink.ts';
import type { Output } from './io.ts';

/** Text may go to a terminal; anything that could steer it may not. */
export function terminalSink(stdout: Output): Sink {
  const sink = streamSink(stdout, 'stdout');
  return {
    ...sink,
    write: (chunk) => {
      if (
        chunk.some(
          (byte) => (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte === 0x7f,
        )
      ) {
        return Promise.reject(
          new SsecError('USAGE', 'The object is binary, and stdout is a terminal.', {
            hints: ['write it to a file: -o FILE', 'or send it on: ssec get ... -o - | less'],
          }),
        );
      }
      return sink.write(chunk);
    },
  };
}
