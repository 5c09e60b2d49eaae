import { styleText } from 'node:util';
import type { Output } from '../io.ts';

/** Paints a word, or leaves it as it is. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * NO_COLOR turns colour off whatever else is set, FORCE_COLOR turns it on where there is no terminal (`0` and `false`
 * turn it off), and neither means anything while empty.
 */
export function hasColour(stream: Output, env: Environment): boolean {
  const { NO_COLOR: no = '', FORCE_COLOR: force = '', TERM: term } = env;
  if (no !== '') return false;
  if (force !== '') return force !== '0' && force !== 'false';
  return stream.isTTY === true && term !== 'dumb';
}

export function painter(stream: Output, env: Environment): Paint {
  if (!hasColour(stream, env)) return (_style, text) => text;
  // what the process's own streams and environment say is asked of what we were given
  return (style, text) => styleText(style, text, { validateStream: false });
}
