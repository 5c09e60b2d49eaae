import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, SsecError } from '../errors.ts';

/** Failures that another try, or another run, may not meet: of the network, or of a server that is busy. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['NETWORK', 'TIMEOUT', 'THROTTLED', 'SERVICE_UNAVAILABLE']);

export function isPassing(error: unknown): boolean {
  return error instanceof SsecError && PASSING.has(error.code);
}

/** Whether the server wants to be asked later. */
export function isBusy(error: unknown): boolean {
  return error instanceof SsecError && (error.code === 'THROTTLED' || error.code === 'SERVICE_UNAVAILABLE');
}

/**
 * What another run can go on with: the network, a busy server, a signal. And expired credentials: with them an
 * upload could not even be cleared away.
 */
export function isResumable(error: SsecError): boolean {
  return (
    isPassing(error) ||
    error.code === 'CREDENTIALS_EXPIRED' ||
    (error.code === 'CANCELLED' && error.context['closedPipe'] !== true)
  );
}

/** First wait and longest wait between two tries (ms); the SDK's own tries below are closer together. */
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 20_000;

export interface AttemptOptions {
  readonly maxAttempts: number;
  readonly signal: AbortSignal | undefined;
  /** Whether this failure is worth another try; default: those of the network and of a busy server. */
  readonly isWorthIt?: (error: unknown) => boolean;
  readonly onRetry?: (() => void) | undefined;
  /** Whether something came of the try that failed: then the tries are counted anew. */
  readonly hasProgressed?: () => boolean;
}

/** Tries a piece of work again, with growing pauses; throws the last failure. */
export async function withAttempts<T>(
  options: AttemptOptions,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  const isWorthIt = options.isWorthIt ?? isPassing;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (options.hasProgressed?.() === true) attempt = 1;
      if (attempt >= options.maxAttempts || !isWorthIt(error)) throw error;
    }
    options.onRetry?.();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    // not all at the same moment
    await sleep(wait * (0.5 + Math.random() / 2), undefined, optionalSignal(options.signal)).catch(
      (error: unknown) => {
        // it says that it was interrupted; the signal says why
        options.signal?.throwIfAborted();
        throw error;
      },
    );
  }
}

/** How much more often than other things is tried what a busy server refused. */
const PATIENCE = 3;

/**
 * Tries again while the server is busy. Of many requests at once most may meet that, and the SDK, which counts the
 * tries of all of them together, then makes none of its own.
 *
 * @param options `isWorthIt` tells what is busy, where the failure is not a SsecError
 */
export function whileBusy<T>(options: AttemptOptions, work: () => Promise<T>): Promise<T> {
  const { maxAttempts, isWorthIt = isBusy } = options;
  return withAttempts(
    { ...options, maxAttempts: maxAttempts === 1 ? 1 : maxAttempts * PATIENCE, isWorthIt },
    work,
  );
}

function optionalSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
