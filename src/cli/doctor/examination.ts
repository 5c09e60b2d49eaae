import type { SsecError } from '../../errors.ts';
import { carryFlags } from '../carried-flags.ts';
import { terminalColumns, wrapWords } from '../output/help-layout.ts';
import { type Paint, painter } from '../output/terminal-colour.ts';
import { describeAnswer } from '../output/wording.ts';
import type { Reporter } from '../output/reporter.ts';
import type { CommandContext } from '../session.ts';

/**
 * - `ok`, `warning`, `failure`: it works; it works, but; it does not
 * - `unknown`: it could not be asked, for want of a permission or on this server
 */
export type FindingStatus = 'ok' | 'warning' | 'failure' | 'unknown';

/** What a finding is about: names that never change their meaning. */
export type Check =
  | 'program'
  | 'setting'
  | 'file'
  | 'key'
  | 'credentials'
  | 'identity'
  | 'proxy'
  | 'dns'
  | 'tls'
  | 'clock'
  | 'bucket'
  | 'region'
  | 'list'
  | 'encryption'
  | 'sse-c-block'
  | 'policy'
  | 'versioning'
  | 'lifecycle'
  | 'write'
  | 'locked'
  | 'read'
  | 'delete'
  | 'ability';

const STYLES = { ok: 'green', warning: 'yellow', failure: 'red', unknown: 'dim' } as const;

/** As wide as the column of the statuses. */
const MARGIN = ' '.repeat(9);

const HINT = 'hint:';

/** The findings of one run, told as they come. */
export class Examination {
  readonly #reporter: Reporter;
  readonly #paint: Paint;
  readonly #columns: number | undefined;
  readonly #carry: (hint: string) => string;
  readonly #counts = { ok: 0, warning: 0, failure: 0, unknown: 0 };
  #first: SsecError | undefined;

  constructor({ reporter, io, command }: CommandContext) {
    this.#reporter = reporter;
    this.#paint = painter(io.stdout, io.env);
    // undefined = stdout is no terminal, and nothing is wrapped
    this.#columns = terminalColumns(io);
    this.#carry = carryFlags(command);
  }

  get counts(): Readonly<Record<FindingStatus, number>> {
    return this.#counts;
  }

  /** The first failure: those that follow often come of it. */
  get firstFailure(): SsecError | undefined {
    return this.#first;
  }

  ok(check: Check, message: string): Promise<void> {
    return this.#tell(check, 'ok', message, []);
  }

  warning(check: Check, message: string, ...hints: string[]): Promise<void> {
    return this.#tell(check, 'warning', message, hints);
  }

  unknown(check: Check, message: string, ...hints: string[]): Promise<void> {
    return this.#tell(check, 'unknown', message, hints);
  }

  failure(check: Check, error: SsecError): Promise<void> {
    this.#first ??= error;
    return this.#tell(check, 'failure', error.message, error.hints, error);
  }

  async #tell(
    check: Check,
    status: FindingStatus,
    message: string,
    plainHints: readonly string[],
    error?: SsecError,
  ): Promise<void> {
    const hints = plainHints.map(this.#carry);
    this.#counts[status]++;
    const { redactor } = this.#reporter;
    const note = error === undefined ? undefined : describeAnswer(error, false);
    // values come from settings and servers, and may hold anything
    const record = redactor.strikeMembers({
      Check: check,
      Status: status,
      Message: message,
      Hints: hints,
      Code: error?.code ?? null,
      Note: note ?? null,
    });
    const lines = [
      `${this.#paint(STYLES[status], status)}${MARGIN.slice(status.length)}${this.#wrapped(redactor.clean(message))}`,
      ...(note === undefined ? [] : [`${MARGIN}${this.#wrapped(`note: ${redactor.clean(note)}`)}`]),
      ...hints.map((hint) => {
        const text = this.#wrapped(`${HINT} ${redactor.clean(hint)}`);
        return `${MARGIN}${this.#paint('cyan', HINT)}${text.slice(HINT.length)}`;
      }),
    ];
    await this.#reporter.result({ type: 'doctor', ...record }, lines.join('\n'));
  }

  /** In the column of the messages, from the second line on indented to it. */
  #wrapped(text: string): string {
    if (this.#columns === undefined) return text;
    return wrapWords(text, this.#columns - MARGIN.length).join(`\n${MARGIN}`);
  }
}
