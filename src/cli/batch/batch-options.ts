import type { Command } from 'commander';
import { type SelectionOptions, addSelectionOptions, refuseWithoutRecursive } from './selection-options.ts';

/** What `put -r` and `get -r` share. */
export interface BatchOptions extends SelectionOptions {
  readonly skipExisting?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Items under way at once: some more than there are requests (16), so that one is always ready to go while others
 * are read, written and reported.
 */
export const BATCH_WIDTH = 24;

export function addBatchOptions(command: Command, recursive: string): Command {
  return addSelectionOptions(command, { heading: 'Folders:', recursive, what: 'files' })
    .optionsGroup('Folders:')
    .option('--skip-existing', 'with -r: skip what is there already, by size and checksum')
    .option('--dry-run', 'with -r: print what would be transferred, and transfer nothing')
    .optionsGroup('Options:');
}

/** @throws SsecError USAGE for what says something of many files where there is one */
export function refuseBatchOptions(options: BatchOptions, name: 'put' | 'get'): void {
  const own = { '--skip-existing': options.skipExisting, '--dry-run': options.dryRun };
  refuseWithoutRecursive(options, usageOf(name), own);
}

export function usageOf(name: 'put' | 'get'): string {
  return name === 'put' ? 'ssec put -r DIR prefix/' : 'ssec get -r prefix/ -o DIR';
}
