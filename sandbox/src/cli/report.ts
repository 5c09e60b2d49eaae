import type { Writable } from 'node:stream';
import type { RequestRecord } from '../sandbox-options.ts';

/** Why the sandbox did not start; it always ends with 2. */
export class StartError extends Error {
  readonly code: 'USAGE' | 'SETTING_INVALID';
  readonly hints: readonly string[];

  constructor(code: StartError['code'], message: string, ...hints: readonly string[]) {
    super(message);
    this.code = code;
    this.hints = hints;
  }
}

/** What goes to stderr: lines for people, or objects of the same shapes as ssec's. */
export class Report {
  readonly #stderr: Writable;
  readonly #json: boolean;

  constructor(stderr: Writable, json: boolean) {
    this.#stderr = stderr;
    this.#json = json;
  }

  /** @returns the exit code */
  error({ code, message, hints }: StartError): number {
    if (this.#json) {
      this.#object({
        type: 'error',
        Code: code,
        Message: message,
        Hints: hints,
        ExitCode: 2,
        HTTPStatusCode: null,
        ServiceCode: null,
        ServiceMessage: null,
        RequestId: null,
        Bucket: null,
        Path: null,
        Key: null,
      });
    } else {
      this.line(message);
      for (const hint of hints) this.#stderr.write(`hint: ${hint}\n`);
    }
    return 2;
  }

  request({ method, path, operation, status, headers }: RequestRecord): void {
    if (!this.#json) {
      this.line(`${method} ${path} (${operation}): ${status}`);
      return;
    }
    this.#object({
      type: 'request',
      Method: method,
      Host: headers['host'] ?? '',
      Path: path,
      Attempt: null,
      HTTPStatusCode: status,
      RequestId: null,
      ElapsedMs: null,
      Failure: null,
    });
  }

  line(text: string): void {
    this.#stderr.write(`ssec-sandbox: ${text}\n`);
  }

  #object(record: object): void {
    this.#stderr.write(`${JSON.stringify(record)}\n`);
  }
}
