import { SsecError, systemErrorCode, withHints } from '../errors.ts';

/**
 * Whatever was thrown as one of our errors. An interruption wins: what failed because of it is not the news.
 */
export function asSsecError(error: unknown, signal: AbortSignal): SsecError {
  if (signal.aborted && signal.reason instanceof SsecError) {
    // what can be done about a transfer that was cut off
    const hints = error instanceof SsecError && error.code === 'CANCELLED' ? error.hints : [];
    return withHints(signal.reason, hints);
  }
  const code = systemErrorCode(error instanceof SsecError ? error.cause : error);
  if (code === 'EMFILE' || code === 'ENFILE') {
    const known =
      error instanceof SsecError
        ? error
        : new SsecError('FILE_UNREADABLE', `Too many files are open (${code}).`, { cause: error });
    return withHints(known, ['more files may be open at once: ulimit -n 1024, or a smaller --concurrency']);
  }
  if (error instanceof SsecError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SsecError('INTERNAL', `ssec has a bug: ${text}`, {
    hints: ['please report it, with the output of the same command and --verbose'],
    cause: error,
  });
}
