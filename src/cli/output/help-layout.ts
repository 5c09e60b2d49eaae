import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { painter } from './terminal-colour.ts';

/** Where no terminal says how wide it is. */
const USUAL_COLUMNS = 80;

/** Narrower, nothing is readable any more. */
const MIN_COLUMNS = 40;

export function helpColumns(io: Pick<Io, 'stdout'>): number {
  return terminalColumns(io) ?? USUAL_COLUMNS;
}

/** undefined where stdout is no terminal, or says no width: there nothing must be wrapped but help. */
export function terminalColumns({ stdout }: Pick<Io, 'stdout'>): number | undefined {
  const columns = stdout.isTTY === true ? (stdout.columns ?? 0) : 0;
  return columns > 0 ? Math.max(columns, MIN_COLUMNS) : undefined;
}

/** commander's help in the width and the colour of the terminal. */
export function layOutHelp(command: Command, io: Pick<Io, 'stdout' | 'env'>): void {
  const paint = painter(io.stdout, io.env);
  command.configureHelp({
    showGlobalOptions: false,
    helpWidth: helpColumns(io),
    // in a narrow terminal too, descriptions stay in their column
    minWidthToWrap: 12,
    styleTitle: (text) => paint('bold', text),
  });
}

/**
 * Wraps the paragraphs that commander leaves as they are. Lines that are indented are commands, or laid out already;
 * those that end in a colon are titles.
 */
export function wrapParagraphs(text: string, columns: number): string {
  const lines: string[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    if (paragraph.length > 0) lines.push(...wrapWords(paragraph.join(' '), columns));
    paragraph = [];
  };
  for (const line of text.split('\n')) {
    if (line === '' || /^\s/.test(line) || line.endsWith(':') || line.includes('\u001b')) {
      flush();
      lines.push(line);
    } else paragraph.push(line);
  }
  flush();
  return lines.join('\n');
}

/** Lines at blanks; a word that is longer than a line is left whole. */
export function wrapWords(paragraph: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of paragraph.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
