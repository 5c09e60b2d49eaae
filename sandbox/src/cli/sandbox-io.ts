import type { Readable, Writable } from 'node:stream';

/** Where the sandbox's command line is told to read, write and listen: nothing else of the process is touched. */
export interface SandboxIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Handed to COMMAND; default: nothing to read. */
  readonly stdin?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Where signals arrive; `process` fits. */
  readonly signals: SignalSource;
}

export interface SignalSource {
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown;
}
