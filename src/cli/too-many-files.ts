import { SsecError, systemErrorCode } from '../errors.ts';

/** Whether something failed because the process, or the system, has as many files and connections open as it may. */
export function isTooManyFiles(error: unknown): boolean {
  const code = systemErrorCode(error instanceof SsecError ? error.cause : error);
  return code === 'EMFILE' || code === 'ENFILE';
}
