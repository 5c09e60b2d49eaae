import type { Command } from 'commander';
import { SsecError } from '../errors.ts';

/**
 * `help bucket show` and `bucket help show` as what they mean: `bucket show --help`. commander follows one word and no
 * more. A word that is no command is left where commander refuses it, with what is near it.
 *
 * @returns the arguments to parse
 * @throws SsecError USAGE where a command without commands of its own is asked for one
 */
export function followHelp(argv: readonly string[], program: Command): readonly string[] {
  const outer = descend(program, argv);
  // elsewhere it is a file's name
  if (argv[outer.path.length] !== 'help' || outer.command.commands.length === 0) return argv;
  const words = argv.slice(outer.path.length + 1).filter((word) => word !== 'help' && !word.startsWith('-'));
  const inner = descend(outer.command, words);
  const path = [...outer.path, ...inner.path];
  const unknown = words[inner.path.length];
  if (unknown === undefined) return [...path, '--help'];
  if (inner.command.commands.length > 0) return [...path, unknown];
  const name = `ssec ${path.join(' ')}`;
  throw new SsecError('USAGE', `${name} has no command "${unknown}".`, { hints: [`${name} --help`] });
}

/** As far as the words name commands, one below the other. */
function descend(from: Command, words: readonly string[]): { command: Command; path: readonly string[] } {
  const [word = '', ...rest] = words;
  const next = from.commands.find((command) => command.name() === word);
  if (next === undefined) return { command: from, path: [] };
  const { command, path } = descend(next, rest);
  return { command, path: [word, ...path] };
}
