import type { SsecError } from '../../errors.ts';
import type { RequestEvent } from '../../network-options.ts';
import type { Redactor } from './redactor.ts';

/** A JSON object with one `type` a command; absent values are null, never left out. */
export type JsonRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A transfer that is under way. */
export interface Progress {
  update(bytes: number): void;
  stop(): void;
}

/** Who tells the user. Results go to stdout, everything else to stderr; nobody else writes to either. */
export interface Reporter {
  readonly redactor: Redactor;
  /** @param line what a person or a shell's `$(...)` gets; may be several lines */
  result(record: JsonRecord, line: string): Promise<void>;
  notice(message: string): void;
  /** Only with --verbose. */
  detail(message: string): void;
  warning(message: string, ...hints: string[]): void;
  error(error: SsecError): void;
  request(event: RequestEvent): void;
  progress(label: string, totalBytes: number): Promise<Progress>;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}
