import type { ErrorCode, SsecError } from '../../errors.ts';
import type { RequestEvent } from '../../network-options.ts';
import { type Io, type Output, write } from '../io.ts';
import { ProgressHost } from './progress-host.ts';
import { Redactor } from './redactor.ts';
import type { JsonRecord, OutputOptions, Progress, Reporter } from './reporter.ts';
import { type Paint, painter } from './terminal-colour.ts';
import { describeAnswer, describeRequest } from './wording.ts';

/**
 * Terminal rules: the result alone on stdout; on stderr lines that begin with `ssec:`, and `hint:` lines under
 * the one they belong to. On a terminal those words have colour, and nothing else has.
 */
export class HumanReporter implements Reporter {
  readonly redactor = new Redactor();
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #options: OutputOptions;
  readonly #paint: Paint;
  readonly #progress: ProgressHost;
  readonly #explained = new Set<ErrorCode>();

  constructor(io: Pick<Io, 'stdout' | 'stderr' | 'env'>, options: OutputOptions) {
    this.#stdout = io.stdout;
    this.#stderr = io.stderr;
    this.#paint = painter(io.stderr, io.env);
    this.#options = options;
    this.#progress = new ProgressHost(io.stderr);
  }

  result(_record: JsonRecord | (() => JsonRecord), line: string): Promise<void> {
    const print = (): Promise<void> => write(this.#stdout, `${line}\n`);
    return this.#stdout.isTTY === true ? this.#progress.aside(print) : print();
  }

  record(): Promise<void> {
    return Promise.resolve();
  }

  notice(message: string): void {
    if (!this.#options.quiet) this.#line('ssec:', message);
  }

  detail(message: string): void {
    if (this.#options.verbose) this.#line('ssec:', message);
  }

  warning(message: string, ...hints: string[]): void {
    if (this.#options.quiet) return;
    this.#line(`ssec: ${this.#paint('yellow', 'warning:')}`, message);
    this.#hints(hints);
  }

  error(error: SsecError): void {
    const { item } = error.context;
    const about = item === undefined ? '' : `${String(item)}: `;
    this.#line(this.#paint('red', 'ssec:'), `${about}${error.message}`);
    // of the failures of many items, each kind is explained once
    if (item !== undefined && this.#explained.has(error.code)) return;
    if (item !== undefined) this.#explained.add(error.code);
    this.#hints(error.hints);
    const answer = describeAnswer(error, this.#options.verbose);
    if (answer !== undefined) this.#line(this.#paint('dim', 'note:'), answer);
    if (error.code === 'INTERNAL' && this.#options.verbose) {
      for (const line of (error.stack ?? '').split('\n')) this.#line('', line);
      if (error.cause instanceof Error)
        for (const line of (error.cause.stack ?? '').split('\n')) this.#line('', line);
    }
  }

  request(event: RequestEvent): void {
    if (event.attempt > 1) this.#progress.retry();
    if (this.#options.verbose) this.#line('ssec:', describeRequest(event));
  }

  progress(label: string, totalBytes: number | undefined, signal?: AbortSignal): Promise<Progress> {
    const { progress = 'auto', quiet, verbose } = this.#options;
    const hasBar = !quiet && !verbose && this.#stderr.isTTY === true;
    return this.#progress.start(progress === 'auto' ? (hasBar ? 'bar' : 'none') : progress, {
      label: this.redactor.clean(label),
      totalBytes,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #hints(hints: readonly string[]): void {
    for (const hint of hints) this.#line(this.#paint('cyan', 'hint:'), hint);
  }

  /** @param head ours, and the only part that may steer the terminal */
  #line(head: string, text: string): void {
    const clean = this.redactor.clean(text);
    this.#progress.aside(() => this.#stderr.write(`${head === '' ? '' : `${head} `}${clean}\n`));
  }
}
