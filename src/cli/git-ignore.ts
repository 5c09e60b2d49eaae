import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { childEnvironment } from './child-environment.ts';
import { shellWord } from '../shell-word.ts';
import type { Io } from './io.ts';

interface GitAnswer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
}

/**
 * The warning about a path that git has, or would take, and what mends it; undefined where there is nothing to say,
 * and where there is no git to ask.
 *
 * @param path a file that need not exist, in a folder that does
 * @param options.folder where to ask; default: that of the path
 * @param options.pattern what to ignore instead of the path
 */
export async function gitWarning(
  io: Io,
  path: string,
  options: { readonly folder?: string; readonly pattern?: string } = {},
): Promise<[message: string, ...hints: string[]] | undefined> {
  const full = resolve(io.cwd, path);
  const at = options.folder ?? dirname(full);
  const git = (...args: string[]): Promise<GitAnswer> =>
    new Promise((done) => {
      const child = execFile('git', ['-C', at, ...args], { env: childEnvironment(io) }, (_error, stdout) =>
        done({ exitCode: child.exitCode ?? undefined, stdout }),
      );
    });
  const { exitCode, stdout } = await git('rev-parse', '--show-toplevel');
  const root = stdout.trim();
  if (exitCode !== 0 || root === '') return undefined;
  const shown = options.pattern ?? path;
  if ((await git('ls-files', '--error-unmatch', '--', full)).exitCode === 0) {
    return [
      `"${shown}" is in git already: every clone has what is in it`,
      `take it out: git rm --cached ${shellWord(path)}`,
      'and what it held is no secret any more: make a new key, and get new credentials',
    ];
  }
  // 1 = not ignored
  if ((await git('check-ignore', '-q', '--', full)).exitCode !== 1) return undefined;
  const base = await realpath(dirname(full)).catch(() => dirname(full));
  const inRoot = relative(root, join(base, full.slice(dirname(full).length))).replaceAll('\\', '/');
  const ignoreFile = relative(io.cwd, join(root, '.gitignore'));
  const pattern = options.pattern ?? `/${inRoot}`;
  return [
    `"${shown}" lies in a git work tree that does not ignore it`,
    `echo ${shellWord(pattern)} >> ${shellWord(ignoreFile)}`,
  ];
}
