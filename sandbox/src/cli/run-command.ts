import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { SandboxIo } from './sandbox-io.ts';
import type { SignalInbox } from './signal-inbox.ts';

export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Runs the command on the caller's streams; its exit code, as a shell would give it. */
export async function runCommand(command: CommandLine, io: SandboxIo, signals: SignalInbox): Promise<number> {
  const child = spawn(command.file, command.args, {
    env: command.env,
    stdio: [descriptor(io.stdin) ?? 'pipe', descriptor(io.stdout) ?? 'pipe', descriptor(io.stderr) ?? 'pipe'],
  });
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      const why = isMissing ? 'command not found' : error.message;
      io.stderr.write(`ssec-sandbox: ${command.file}: ${why}\n`);
      resolve(isMissing ? 127 : 126);
    });
    child.once('close', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  connect(child, io);
  // Ctrl-C on a terminal reaches the command by itself: it would take a second one for "end at once".
  const isOnTerminal = [io.stdin, io.stdout, io.stderr].some(isTerminal);
  signals.deliver((signal) => {
    const isFromTerminal = isOnTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT');
    if (!isFromTerminal) child.kill(signal);
  });
  try {
    return await ended;
  } finally {
    if (child.stdin !== null) io.stdin?.unpipe(child.stdin);
  }
}

/** A stream with a descriptor is handed over itself, so that the command sees a terminal where there is one. */
function descriptor(stream: Readable | Writable | undefined): number | undefined {
  return stream !== undefined && 'fd' in stream && typeof stream.fd === 'number' ? stream.fd : undefined;
}

function isTerminal(stream: Readable | Writable | undefined): boolean {
  return stream !== undefined && 'isTTY' in stream && stream.isTTY === true;
}

function connect(child: ChildProcess, io: SandboxIo): void {
  // A command that reads no input ends its pipe early.
  child.stdin?.on('error', () => {});
  if (io.stdin === undefined) child.stdin?.end();
  else if (child.stdin !== null) io.stdin.pipe(child.stdin);
  child.stdout?.pipe(io.stdout, { end: false });
  child.stderr?.pipe(io.stderr, { end: false });
}
