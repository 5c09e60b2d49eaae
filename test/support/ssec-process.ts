import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));

const NEW_LINE = 10;

/** How a process of `ssec` ended. */
interface SsecEnd {
  /** null = by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of `ssec`, as users run it. */
export interface SsecProcess {
  /** Ends it at once, with no word. */
  kill(): void;
  readonly end: Promise<SsecEnd>;
}

export interface SsecProcessOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Called with the number of lines on stdout so far, as they come. */
  readonly onLines?: (lines: number) => void;
}

export function startSsec(argv: readonly string[], { cwd, env, onLines }: SsecProcessOptions): SsecProcess {
  const child: ChildProcess = spawn(process.execPath, [bin, ...argv], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let lines = 0;
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    for (const byte of chunk) if (byte === NEW_LINE) lines += 1;
    onLines?.(lines);
  });
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const end = new Promise<SsecEnd>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) =>
      done({
        code,
        signal,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    );
  });
  return { kill: () => void child.kill('SIGKILL'), end };
}

/** What was told as NDJSON; a line that was cut off with its process counts for nothing. */
export function recordsOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
