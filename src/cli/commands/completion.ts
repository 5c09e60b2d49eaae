import { Argument, type Command } from 'commander';
import { SsecError } from '../../errors.ts';
import type { Shell } from '../completion/completion-script.ts';
import { addOutputOptions } from '../options.ts';
import type { Act } from '../program.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export function addCompletion(program: Command, act: Act): void {
  const command = addOutputOptions(program.command('completion'))
    .description('print the script that completes ssec on TAB')
    .addArgument(new Argument('[shell]', 'the shell that is to complete').choices(SHELLS))
    .addHelpText(
      'after',
      `
Completes commands, options, their values, AWS profiles and files. TAB starts no ssec and sends no request.
After an update of ssec make the file anew.

Examples:
  bash, in ~/.bashrc:
    eval "$(ssec completion bash)"
  bash, as a file, where the package bash-completion is installed:
    ssec completion bash > ~/.local/share/bash-completion/completions/ssec
  zsh, in ~/.zshrc, below compinit:
    eval "$(ssec completion zsh)"
  zsh, as a file in a folder of $fpath:
    ssec completion zsh > ~/.zfunc/_ssec
  fish:
    ssec completion fish > ~/.config/fish/completions/ssec.fish`,
    );
  command.action((shell: Shell | undefined) =>
    act(command, async ({ reporter }) => {
      if (shell === undefined) {
        throw new SsecError('USAGE', 'Name the shell that is to complete: bash, zsh or fish.', {
          hints: SHELLS.map((name) => `ssec completion ${name}`),
        });
      }
      const { completionScript } = await import('../completion/completion-script.ts');
      const script = completionScript(shell, program);
      await reporter.result({ type: 'completion', Shell: shell, Script: script }, script.trimEnd());
    }),
  );
}
