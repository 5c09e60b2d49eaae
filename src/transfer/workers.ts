/**
 * What a promise brings, or the reason to stop where that comes first: for a wait that may never end, as for the next
 * bytes of a pipe.
 */
export function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, failed) => {
    const stop = (): void => failed(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(done, failed).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Runs several workers on one task. The first failure stops the others through their signal, and it is thrown only
 * once all of them have ended: nothing goes on behind the caller's back.
 */
export async function runWorkers(
  count: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const forward = (): void => stop.abort(signal?.reason);
  if (signal?.aborted === true) forward();
  signal?.addEventListener('abort', forward, { once: true });
  let failure: { readonly error: unknown } | undefined;
  const guarded = async (): Promise<void> => {
    try {
      stop.signal.throwIfAborted();
      await work(stop.signal);
    } catch (error) {
      failure ??= { error };
      stop.abort(error);
    }
  };
  try {
    await Promise.all(Array.from({ length: count }, guarded));
  } finally {
    signal?.removeEventListener('abort', forward);
  }
  signal?.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}
