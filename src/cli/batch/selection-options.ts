import { type Command, InvalidArgumentError } from 'commander';
import { SsecError } from '../../errors.ts';
import { RepeatableOption } from '../repeatable-option.ts';

/** Which of many a command works on, and when it stops. */
export interface SelectionOptions {
  readonly recursive?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly failFast?: boolean;
}

export function addSelectionOptions(
  command: Command,
  words: { readonly heading: string; readonly recursive: string; readonly what: 'files' | 'objects' },
): Command {
  const { heading, recursive, what } = words;
  return command
    .optionsGroup(heading)
    .option('-r, --recursive', recursive)
    .addOption(new RepeatableOption('--include <glob>', `with -r: only ${what} that match`, collectGlob))
    .addOption(
      new RepeatableOption(
        '--exclude <glob>',
        `with -r: no ${what} that match, whatever --include says`,
        collectGlob,
      ),
    )
    .option('--fail-fast', 'with -r: stop at the first failure')
    .optionsGroup('Options:');
}

/**
 * @param usage how it is written with -r
 * @param own what else goes with -r, as far as it was given
 * @throws SsecError USAGE for what says something of many where there is one
 */
export function refuseWithoutRecursive(
  options: SelectionOptions,
  usage: string,
  own: Readonly<Record<string, unknown>> = {},
): void {
  const given = Object.entries({
    '--include': options.include,
    '--exclude': options.exclude,
    '--fail-fast': options.failFast,
    ...own,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new SsecError('USAGE', `${given[0]} goes with -r.`, { hints: [usage] });
}

function collectGlob(pattern: string, before: readonly string[] = []): readonly string[] {
  if (pattern === '') throw new InvalidArgumentError('The pattern is empty.');
  return [...before, pattern];
}
