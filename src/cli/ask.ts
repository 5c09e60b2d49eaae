import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Io } from './io.ts';
import type { Redactor } from './output/redactor.ts';

/** Whether there is somebody to ask. */
export function canAsk({ stdin, stderr }: Io): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/**
 * Asks on the terminal; only `y` and `yes` are a yes.
 *
 * @throws the reason of `io.signal`
 */
export async function ask(question: string, io: Io, redactor: Redactor): Promise<boolean> {
  io.stderr.write(`${redactor.clean(question)} [y/N] `);
  // the terminal's own line editing: Ctrl-C stays a signal
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    const answered = once(lines, 'line', { signal: io.signal });
    const ended = once(lines, 'close', { signal: io.signal }).then(() => ['']);
    const [answer] = (await Promise.race([answered, ended])) as [string];
    answered.catch(() => undefined);
    ended.catch(() => undefined);
    return /^y(?:es)?$/i.test(answer.trim());
  } catch (error) {
    io.signal.throwIfAborted();
    throw error;
  } finally {
    lines.close();
  }
}
