import { type Command, InvalidArgumentError } from 'commander';
import { SsecError } from '../../errors.ts';
import { RepeatableOption } from '../repeatable-option.ts';

/** What `put -r` and `get -r` share. */
export interface BatchOptions {
  readonly recursive?: boolean;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly skipExisting?: boolean;
  readonly failFast?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Items under way at once: some more than there are requests (16), so that one is always ready to go while others
 * are read, written and reported.
 */
export const BATCH_WIDTH = 24;

export function addBatchOptions(command: Command, recursive: string): Command {
  return command
    .optionsGroup('Folders:')
    .option('-r, --recursive', recursive)
    .addOption(new RepeatableOption('--include <glob>', 'with -r: only files that match', collectGlob))
    .addOption(
      new RepeatableOption(
        '--exclude <glob>',
        'with -r: no files that match, whatever --include says',
        collectGlob,
      ),
    )
    .option('--skip-existing', 'with -r: skip what is there already, by size and checksum')
    .option('--fail-fast', 'with -r: stop at the first failure')
    .option('--dry-run', 'with -r: print what would be transferred, and transfer nothing')
    .optionsGroup('Options:');
}

/** @throws SsecError USAGE for what says something of many files where there is one */
export function refuseBatchOptions(options: BatchOptions, name: 'put' | 'get'): void {
  const given = Object.entries({
    '--include': options.include,
    '--exclude': options.exclude,
    '--skip-existing': options.skipExisting,
    '--fail-fast': options.failFast,
    '--dry-run': options.dryRun,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new SsecError('USAGE', `${given[0]} goes with -r.`, { hints: [usageOf(name)] });
}

export function usageOf(name: 'put' | 'get'): string {
  return name === 'put' ? 'ssec put -r DIR prefix/' : 'ssec get -r prefix/ -o DIR';
}

function collectGlob(pattern: string, before: readonly string[] = []): readonly string[] {
  if (pattern === '') throw new InvalidArgumentError('The pattern is empty.');
  return [...before, pattern];
}
