import { SsecError, systemErrorCode, withHints } from '../errors.ts';
import { isTooManyFiles } from './too-many-files.ts';

const MORE_FILES = 'more files may be open at once: ulimit -n 1024, or a smaller --concurrency';

/**
 * Whatever was thrown as one of our errors. An interruption wins: what failed because of it is not the news.
 */
export function asSsecError(error: unknown, signal: AbortSignal): SsecError {
  if (signal.aborted && signal.reason instanceof SsecError) {
    // what can be done about a transfer that was cut off
    const hints = error instanceof SsecError && error.code === 'CANCELLED' ? error.hints : [];
    return withHints(signal.reason, hints);
  }
  if (isTooManyFiles(error)) return tooManyFiles(error);
  if (error instanceof SsecError) return error;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SsecError('INTERNAL', `ssec has a bug: ${text}`, {
    hints: ['please report it, with the output of the same command and --verbose'],
    cause: error,
  });
}

function tooManyFiles(error: unknown): SsecError {
  if (!(error instanceof SsecError)) {
    const code = systemErrorCode(error) ?? '';
    return new SsecError('FILE_UNREADABLE', `Too many files are open (${code}).`, {
      hints: [MORE_FILES],
      cause: error,
    });
  }
  // one that ended a batch comes by twice
  if (error.hints.includes(MORE_FILES)) return error;
  // the system's word says little; a network error has said it already
  const message = error.message.replace(/: (E[MN]FILE)\.$/, ': too many files are open ($1).');
  return new SsecError(error.code, message, {
    hints: [...error.hints, MORE_FILES],
    cause: error.cause,
    context: error.context,
  });
}
