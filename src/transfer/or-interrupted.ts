/**
 * What a promise brings, or the interruption where that comes first: for waits that may never end and that the
 * system does not let us cancel, as for the other end of a pipe.
 */
export function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, failed) => {
    const onAbort = (): void => failed(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(done, failed).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
