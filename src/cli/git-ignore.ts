import { execFile } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { childEnvironment } from './child-environment.ts';
import { shellWord } from '../shell-word.ts';
import type { Io } from './io.ts';

/**
 * Whether a path lies in a git work tree that does not ignore it, or that has it already. False where there is no git.
 *
 * @param path a file that need not exist, in a folder that does
 */
export async function isUnignoredByGit(io: Io, path: string, folder?: string): Promise<boolean> {
  const full = resolve(io.cwd, path);
  const at = folder ?? dirname(full);
  const git = (...args: string[]): Promise<number | undefined> =>
    new Promise((done) => {
      const child = execFile('git', ['-C', at, ...args], { env: childEnvironment(io) }, () =>
        done(child.exitCode ?? undefined),
      );
    });
  if ((await git('rev-parse', '--is-inside-work-tree')) !== 0) return false;
  // 1 = not ignored, or tracked already
  return (await git('check-ignore', '-q', '--', full)) === 1;
}

/** The warning about such a path, and what mends it. */
export function unignoredByGit(path: string): [message: string, hint: string] {
  return [
    `"${path}" lies in a git work tree that does not ignore it`,
    `echo ${shellWord(path)} >> .gitignore`,
  ];
}
