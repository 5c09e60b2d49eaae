/** What a request was and how it went; never a header, so never a key, a credential or a signature. */
export interface RequestEvent {
  readonly method: string;
  readonly host: string;
  /** Path and query as sent. */
  readonly path: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** HTTP status, or undefined where no answer came. */
  readonly status?: number;
  /** S3's `x-amz-request-id`. */
  readonly requestId?: string;
  /** Milliseconds until the answer's headers, or until the failure. */
  readonly elapsedMs: number;
  /** Why no answer came. */
  readonly failure?: string;
}

/** How requests reach the network: the same for S3 and for the services that lend credentials. */
export interface NetworkOptions {
  /** PEM certificates that replace the system's trust store. */
  readonly ca?: string;
  /** The proxy for a URL, as `http://host:port`; undefined = direct. */
  readonly proxyFor?: (url: string) => string | undefined;
  readonly onRequest?: (event: RequestEvent) => void;
  /** A connection on which nothing moves for so long is cut (milliseconds; default 60 s). */
  readonly socketTimeoutMs?: number;
  /** Longest wait for a connection (milliseconds; default 10 s). */
  readonly connectTimeoutMs?: number;
  /** Connections kept at once (default 16). */
  readonly maxSockets?: number;
}
