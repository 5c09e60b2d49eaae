import { setMaxListeners } from 'node:events';

/**
 * Works on several items at once and gives what comes of them in the order of the items. No more are begun than
 * `width` that nobody has taken yet, so that memory stays flat however many there are and however slowly they are
 * taken. Ending the loop, or a failure, ends what is under way; the failure is thrown once all has ended.
 */
export async function* mapInOrder<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  options: { readonly width: number; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Result, void, void> {
  const stop = new AbortController();
  // one listener for each request under way
  setMaxListeners(0, stop.signal);
  const { width, signal } = options;
  const forward = (): void => stop.abort(signal?.reason);
  if (signal?.aborted === true) forward();
  signal?.addEventListener('abort', forward, { once: true });
  const begun: Promise<Result>[] = [];
  const begin = (item: Item): void => {
    const result = work(item, stop.signal);
    // looked at in its turn
    result.catch(() => undefined);
    begun.push(result);
  };
  try {
    for await (const item of items) {
      stop.signal.throwIfAborted();
      begin(item);
      const first = begun.length < width ? undefined : begun.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = begun.shift(); first !== undefined; first = begun.shift()) yield await first;
  } finally {
    signal?.removeEventListener('abort', forward);
    stop.abort();
    await Promise.allSettled(begun);
  }
}
