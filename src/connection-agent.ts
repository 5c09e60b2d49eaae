import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { HttpsProxyAgent, type HttpsProxyAgentOptions } from 'hpagent';
import type { NetworkOptions } from './network-options.ts';
import { TLS_RULES } from './tls-rules.ts';

/** Milliseconds. */
export function connectTimeoutOf(network: NetworkOptions): number {
  return network.connectTimeoutMs ?? 10_000;
}

/**
 * The pool of connections, direct or through a proxy's CONNECT: TLS that nothing can weaken, and a limit to how long
 * it may take to come about.
 *
 * @param proxy URL of the proxy; empty = direct
 */
export function createAgent(network: NetworkOptions, proxy: string): Agent {
  const options = {
    keepAlive: true,
    maxSockets: network.maxSockets ?? 16,
    ...TLS_RULES,
    ...(network.ca === undefined ? {} : { ca: network.ca }),
  };
  const timeoutMs = connectTimeoutOf(network);
  if (proxy === '') return new DirectAgent(options, timeoutMs);
  const proxyRequestOptions = {
    ...TLS_RULES,
    ...(network.ca === undefined ? {} : { ca: [network.ca] }),
  };
  return new TunnelAgent({ ...options, proxy, proxyRequestOptions }, timeoutMs);
}

type Connection = (error: Error | null, socket: Duplex) => void;

/** The SDK's time-out ends with the TCP connection; a server that then says nothing would be waited for. */
function limitHandshake(socket: Duplex | null | undefined, timeoutMs: number): void {
  if (!(socket instanceof TLSSocket)) return;
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('no TLS handshake in time'), { code: 'ETIMEDOUT' }));
  }, timeoutMs);
  for (const event of ['secureConnect', 'close']) socket.once(event, () => clearTimeout(timer));
}

class DirectAgent extends Agent {
  readonly #timeoutMs: number;

  constructor(options: AgentOptions, timeoutMs: number) {
    super(options);
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(options: RequestOptions, callback?: Connection): Duplex | null | undefined {
    const socket = super.createConnection(options, callback);
    limitHandshake(socket, this.#timeoutMs);
    return socket;
  }
}

class TunnelAgent extends HttpsProxyAgent {
  readonly #timeoutMs: number;

  constructor(options: HttpsProxyAgentOptions, timeoutMs: number) {
    super(options);
    this.#timeoutMs = timeoutMs;
  }

  override createConnection(options: RequestOptions, callback?: Connection): Duplex | null | undefined {
    // `timeout` is that of the CONNECT request
    return super.createConnection({ ...options, timeout: this.#timeoutMs }, (error, socket) => {
      limitHandshake(socket, this.#timeoutMs);
      callback?.(error, socket);
    });
  }
}
