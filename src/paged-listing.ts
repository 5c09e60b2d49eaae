/** Asks for one page, and says what asks for the next; undefined = it is the last. */
export type AskPage<Page, Token> = (
  token: Token | undefined,
  signal: AbortSignal,
) => Promise<{ readonly page: Page; readonly next: Token | undefined }>;

/**
 * The pages of a listing, one after the other: the next page is asked for while the one before is used, and no more.
 * Ending the loop ends the request that is under way.
 */
export async function* pagesOf<Page, Token>(
  ask: AskPage<Page, Token>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Page, void, void> {
  const stop = new AbortController();
  const forward = (): void => stop.abort(signal?.reason);
  if (signal?.aborted === true) forward();
  signal?.addEventListener('abort', forward, { once: true });
  try {
    let asked: ReturnType<typeof ask> | undefined = ask(undefined, stop.signal);
    while (asked !== undefined) {
      const { page, next }: Awaited<ReturnType<typeof ask>> = await asked;
      asked = next === undefined ? undefined : ask(next, stop.signal);
      // looked at once this page is used up, or never
      asked?.catch(() => undefined);
      yield page;
    }
  } finally {
    signal?.removeEventListener('abort', forward);
    stop.abort();
  }
}
