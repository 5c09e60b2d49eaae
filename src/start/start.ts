import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Start } from '../cli/main.ts';
import { CodeCache } from './code-cache.ts';

/**
 * Loads the command line through the code cache and runs it.
 *
 * @param folder where the built files are
 * @returns the exit code
 */
export async function start(folder: string, options: Start): Promise<number> {
  const cache = new CodeCache(folder, readBuildId(folder), process.env);
  const { main } = cache.load('cli.cjs') as { main: (options: Start) => Promise<number> };
  const exitCode = await main(options);
  cache.save();
  return exitCode;
}

/** Empty where it is missing: then the cache is not used. */
function readBuildId(folder: string): string {
  try {
    return readFileSync(join(folder, 'build-id'), 'utf8');
  } catch {
    return '';
  }
}
