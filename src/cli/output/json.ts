import type { SsecError } from '../../errors.ts';
import type { RequestEvent } from '../../network-options.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { type Output, write } from '../io.ts';
import { ProgressHost } from './progress-host.ts';
import { Redactor } from './redactor.ts';
import { mapStrings } from './map-strings.ts';
import type { JsonRecord, OutputOptions, Progress, Reporter } from './reporter.ts';

/** One JSON object a line: results on stdout; errors, warnings, requests and progress on stderr. */
export class JsonReporter implements Reporter {
  readonly redactor = new Redactor();
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #options: OutputOptions;
  readonly #progress: ProgressHost;

  constructor(streams: { stdout: Output; stderr: Output }, options: OutputOptions) {
    this.#stdout = streams.stdout;
    this.#stderr = streams.stderr;
    this.#options = options;
    this.#progress = new ProgressHost(streams.stderr);
  }

  result(record: JsonRecord | (() => JsonRecord)): Promise<void> {
    const made = typeof record === 'function' ? record() : record;
    return write(this.#stdout, `${JSON.stringify(made)}\n`);
  }

  record(record: () => JsonRecord): Promise<void> {
    return this.result(record);
  }

  notice(message: string): void {
    if (!this.#options.quiet) this.#line({ type: 'notice', Message: message });
  }

  detail(message: string): void {
    if (this.#options.verbose) this.#line({ type: 'notice', Message: message });
  }

  warning(message: string, ...hints: string[]): void {
    if (!this.#options.quiet) this.#line({ type: 'warning', Message: message, Hints: hints });
  }

  error(error: SsecError): void {
    const { status, serviceCode, serviceMessage, requestId, itemBucket, itemPath, itemKey } = error.context;
    this.#line({
      type: 'error',
      Code: error.code,
      Message: error.message,
      Hints: error.hints,
      ExitCode: exitCodeOf(error),
      HTTPStatusCode: status ?? null,
      ServiceCode: serviceCode ?? null,
      ServiceMessage: serviceMessage ?? null,
      RequestId: requestId ?? null,
      Bucket: itemBucket ?? null,
      Path: itemPath ?? null,
      Key: itemKey ?? null,
    });
  }

  request(event: RequestEvent): void {
    if (event.attempt > 1) this.#progress.retry();
    if (!this.#options.verbose) return;
    this.#line({
      type: 'request',
      Method: event.method,
      Host: event.host,
      Path: event.path,
      Attempt: event.attempt,
      HTTPStatusCode: event.status ?? null,
      RequestId: event.requestId ?? null,
      ElapsedMs: Math.round(event.elapsedMs),
      Failure: event.failure ?? null,
    });
  }

  /** Only where it is asked for: a program that reads our lines counts on those that it knows. */
  progress(label: string, totalBytes: number | undefined, signal?: AbortSignal): Promise<Progress> {
    return this.#progress.start(this.#options.progress === 'json' ? 'json' : 'none', {
      label,
      totalBytes,
      ...(signal === undefined ? {} : { signal }),
    });
  }

  #line(record: JsonRecord): void {
    const clean = mapStrings(record, (text) => this.redactor.clean(text));
    this.#stderr.write(`${JSON.stringify(clean)}\n`);
  }
}
