/**
 * Every mistake that `ssec` knows by name. A code never changes its meaning; new ones may be added.
 * The command line turns a code into an exit code in `cli/exit-codes.ts`.
 */
export type ErrorCode =
  | 'INTERNAL'
  | 'USAGE'
  | 'SETTING_INVALID'
  | 'INSECURE_ENDPOINT'
  | 'ENDPOINT_UNTRUSTED'
  | 'TLS_UNTRUSTED'
  | 'WRONG_REGION'
  | 'NOT_SUPPORTED'
  | 'PARTIAL'
  | 'CREDENTIALS_MISSING'
  | 'CREDENTIALS_INVALID'
  | 'CREDENTIALS_EXPIRED'
  | 'ACCESS_DENIED'
  | 'SSEC_BLOCKED'
  | 'CLOCK_SKEW'
  | 'SERVICE_REFUSED'
  | 'OBJECT_NOT_FOUND'
  | 'BUCKET_NOT_FOUND'
  | 'FILE_NOT_FOUND'
  | 'OBJECT_ARCHIVED'
  | 'KEY_MISSING'
  | 'KEY_MALFORMED'
  | 'KEY_MD5_MISMATCH'
  | 'KEY_MISMATCH'
  | 'KEY_NOT_NEEDED'
  | 'KEY_IGNORED'
  | 'KEY_COMMAND_FAILED'
  | 'KEY_NOT_FOUND'
  | 'KEY_RETIRED'
  | 'CHECKSUM_MISMATCH'
  | 'OBJECT_CHANGED'
  | 'FILE_CHANGED'
  | 'SIZE_MISMATCH'
  | 'TARGET_EXISTS'
  | 'PRECONDITION_FAILED'
  | 'NETWORK'
  | 'TIMEOUT'
  | 'THROTTLED'
  | 'SERVICE_UNAVAILABLE'
  | 'DISK_FULL'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'CANCELLED';

/** What else a caller may want to know of a failure: names and numbers, never key material. */
export type ErrorContext = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SsecErrorOptions {
  /** What to do about it, a sentence or a command a line. */
  readonly hints?: readonly string[];
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/**
 * The one error that this library throws on purpose. `message` is a sentence that names the thing and the
 * mistake; anything else that escapes is a bug.
 */
export class SsecError extends Error {
  readonly code: ErrorCode;
  readonly hints: readonly string[];
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: SsecErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SsecError';
    this.code = code;
    this.hints = options.hints ?? [];
    this.context = options.context ?? {};
  }
}

/** The same error with more to do about it. */
export function withHints(error: SsecError, hints: readonly string[]): SsecError {
  return new SsecError(error.code, error.message, {
    hints: [...error.hints, ...hints],
    cause: error.cause,
    context: error.context,
  });
}

/** The `code` of a Node.js system error (`ENOENT`, `ECONNREFUSED`, ...), of it or of what caused it. */
export function systemErrorCode(error: unknown): string | undefined {
  for (let e = error, depth = 0; e instanceof Error && depth < 8; e = e.cause, depth++) {
    if ('code' in e && typeof e.code === 'string') return e.code;
    if (e instanceof AggregateError) {
      const inner: unknown = e.errors[0];
      const code = systemErrorCode(inner);
      if (code !== undefined) return code;
    }
  }
  return undefined;
}
