import { TLS_RULES } from '../tls-rules.ts';
import { type SecureContext, createSecureContext } from 'node:tls';
import type { HttpResponse } from '@smithy/types';
import { connectTimeoutOf } from '../connection-agent.ts';
import type { NetworkOptions } from '../network-options.ts';
import { BlockPool } from './block-pool.ts';
import type { BulkRequest } from './bulk-request.ts';
import { ConnectionPool } from './connection-pool.ts';
import { StaleConnectionError } from './transport-error.ts';

/**
 * Carries the requests whose bytes count, over TLS and HTTP/1.1 of its own: without the streams of `node:https`,
 * which cost more than the encryption.
 */
export class BulkTransport {
  readonly #network: NetworkOptions;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #blocks = new BlockPool();
  #secureContext: SecureContext | undefined;

  constructor(network: NetworkOptions) {
    this.#network = network;
  }

  async send(request: BulkRequest): Promise<HttpResponse> {
    const pool = this.#poolFor(request);
    const connection = await pool.acquire({ fresh: false, signal: request.signal });
    try {
      return await connection.exchange(request);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      // a condition may have been met by the very request that was lost: whoever asks again must know
      if (isConditional(request)) throw error.cause;
    }
    const fresh = await pool.acquire({ fresh: true, signal: request.signal });
    return fresh.exchange(request);
  }

  destroy(): void {
    for (const pool of this.#pools.values()) pool.destroy();
    this.#pools.clear();
  }

  #poolFor({ hostname, port }: BulkRequest): ConnectionPool {
    const origin = `${hostname}:${port}`;
    let pool = this.#pools.get(origin);
    if (pool === undefined) {
      const { ca, maxSockets, socketTimeoutMs } = this.#network;
      this.#secureContext ??= createSecureContext({
        minVersion: TLS_RULES.minVersion,
        ...(ca === undefined ? {} : { ca }),
      });
      pool = new ConnectionPool({
        hostname,
        port,
        secureContext: this.#secureContext,
        blocks: this.#blocks,
        connectTimeoutMs: connectTimeoutOf(this.#network),
        socketTimeoutMs: socketTimeoutMs ?? 60_000,
        maxSockets: maxSockets ?? 16,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}

function isConditional(request: BulkRequest): boolean {
  return request.method !== 'GET' && Object.keys(request.headers).some((name) => /^if-/i.test(name));
}
