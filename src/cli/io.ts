import type { Readable, Writable } from 'node:stream';
import { SsecError } from '../errors.ts';
import { unwritable } from '../transfer/sink.ts';

type Input = Readable & { readonly isTTY?: boolean };
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** All that the command line touches of the process it runs in. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by a signal or a closed stdout, with the error of `interruption` as its reason. */
  readonly signal: AbortSignal;
  /** Where signals arrive, for the sandbox, which hands them on to its command. */
  readonly signals: SignalSource;
  /** Loads the finder of proxies: HTTPS_PROXY, ALL_PROXY and NO_PROXY for a URL; empty = none. */
  readonly loadProxyFinder: () => Promise<(url: string) => string>;
  /** Path of ssec's own package.json. */
  readonly packageFile: string;
  /** Loads `ssec-sandbox` from ssec's own install; rejects where it is not installed. */
  readonly loadSandbox: () => Promise<SandboxModule>;
}

/** What `ssec sandbox` needs of the package `ssec-sandbox`. */
export interface SandboxModule {
  readonly sandboxCli: (argv: string[], io: SandboxIo) => Promise<number>;
}

interface SandboxIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signals: SignalSource;
}

/** `process` fits. */
interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}

/** Why a run was cut short from outside. */
export function interruption(by: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'EPIPE'): SsecError {
  return new SsecError('CANCELLED', 'Interrupted.', {
    context: by === 'EPIPE' ? { closedPipe: true } : { signal: by },
  });
}

/** Writes and waits until the text is out of our hands, so that a closed pipe is an error here and now. */
export function write(stream: Output, text: string | Uint8Array): Promise<void> {
  return new Promise((done, failed) => {
    stream.write(text, (error) => {
      if (error === null || error === undefined) done();
      else
        failed(
          'code' in error && error.code === 'EPIPE' ? interruption('EPIPE') : unwritable('stdout', error),
        );
    });
  });
}
