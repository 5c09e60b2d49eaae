import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/run.ts';
import type { Io } from '../../src/cli/io.ts';

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Uint8Array;
  /** What is typed at a terminal, where stdin is one. */
  readonly typed?: string;
  /** Both outputs say that they are terminals. */
  readonly terminal?: boolean;
  /** How wide these are; undefined = they do not say. */
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly signals?: Io['signals'];
  readonly loadSandbox?: Io['loadSandbox'];
  readonly loadProxyFinder?: Io['loadProxyFinder'];
}

/** Runs the command line in this process. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const out = new Collector(options);
  const err = new Collector(options);
  const io: Io = {
    env: options.env,
    cwd: options.cwd,
    stdin:
      options.typed === undefined
        ? Readable.from(options.stdin === undefined ? [] : [Buffer.from(options.stdin)])
        : Object.assign(Readable.from([Buffer.from(options.typed)]), { isTTY: true }),
    stdout: out,
    stderr: err,
    signal: options.signal ?? new AbortController().signal,
    signals: options.signals ?? process,
    loadProxyFinder:
      options.loadProxyFinder ?? (() => Promise.resolve(() => options.env['HTTPS_PROXY'] ?? '')),
    packageFile: fileURLToPath(new URL('../../package.json', import.meta.url)),
    loadSandbox: options.loadSandbox ?? (() => import('ssec-sandbox')),
  };
  const code = await run(argv, io);
  return { code, stdout: out.text, stderr: err.text, stdoutBytes: out.bytes };
}

class Collector extends Writable {
  readonly isTTY: boolean;
  readonly columns?: number;
  readonly #chunks: Buffer[] = [];

  constructor({ terminal = false, columns }: Pick<CliOptions, 'terminal' | 'columns'>) {
    super();
    this.isTTY = terminal;
    if (columns !== undefined) this.columns = columns;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }
}
