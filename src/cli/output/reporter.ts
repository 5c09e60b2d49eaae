import type { SsecError } from '../../errors.ts';
import type { RequestEvent } from '../../network-options.ts';
import type { Redactor } from './redactor.ts';

/** A JSON object with one `type` a command; absent values are null, never left out. */
export type JsonRecord = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A transfer that is under way. `update` costs nothing: it is shown by a clock, not by what is told. */
export interface Progress {
  /** Whether anybody sees it: where not, no total need be found out. */
  readonly isShown: boolean;
  /** Bytes that are there by now, in all; fewer than before where a part is tried again. */
  update(bytes: number): void;
  /**
   * Bytes, in all, that were there before this run and were not transferred; told before the `update` that counts
   * them.
   */
  resumed(bytes: number): void;
  /** It may become known late, and may grow. */
  total(bytes: number | undefined): void;
  files(done: number, total: number): void;
  /** Something was tried again, other than a single request: those the reporter sees by itself. */
  retry(): void;
  /** Ends it: the bar goes; `done` leaves a summary. Again: nothing. */
  stop(outcome?: 'done' | 'failed'): void;
}

/** Who tells the user. Results go to stdout, everything else to stderr; nobody else writes to either. */
export interface Reporter {
  readonly redactor: Redactor;
  /**
   * @param record or how to make it, where that costs something and is needed for JSON alone
   * @param line what a person or a shell's `$(...)` gets; may be several lines
   */
  result(record: JsonRecord | (() => JsonRecord), line: string): Promise<void>;
  /** What programs are told, and people are told another way. */
  record(record: () => JsonRecord): Promise<void>;
  notice(message: string): void;
  /** Only with --verbose. */
  detail(message: string): void;
  warning(message: string, ...hints: string[]): void;
  error(error: SsecError): void;
  request(event: RequestEvent): void;
  /** One at a time: a new one ends the one before. @param signal ends it as well, at once */
  progress(label: string, totalBytes: number | undefined, signal?: AbortSignal): Promise<Progress>;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** `auto`: a bar on a terminal, where nothing else was asked for. */
  readonly progress?: ProgressMode;
}

export const PROGRESS_MODES = ['auto', 'json', 'none'] as const;
type ProgressMode = (typeof PROGRESS_MODES)[number];
