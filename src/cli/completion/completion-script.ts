import type { Command } from 'commander';
import { bashCompletion } from './bash.ts';
import { completionTree } from './completion-tree.ts';
import { fishCompletion } from './fish.ts';
import { zshCompletion } from './zsh.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

const WRITERS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

/** The script that completes `ssec`, from its command tree. */
export function completionScript(shell: Shell, program: Command): string {
  return WRITERS[shell](completionTree(program));
}
