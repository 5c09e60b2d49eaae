/** A failure that the SDK tries again, under the name of `node:http`. */
export function connectionLost(): Error {
  return Object.assign(new Error('the connection ended before the answer did'), { code: 'ECONNRESET' });
}

export function timedOut(what: string): Error {
  return Object.assign(new Error(what), { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

/** As the SDK's own handler rejects. */
export function aborted(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return Object.assign(new Error('Request aborted', { cause: reason }), { name: 'AbortError' });
}

/**
 * A connection that had served before was closed by the server before a byte of the answer came: it was closed
 * while it waited in the pool, and the request has most likely never been looked at.
 */
export class StaleConnectionError extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.name = 'StaleConnectionError';
    this.cause = cause;
  }
}
