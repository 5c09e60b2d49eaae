import { type OnReadOpts, isIP } from 'node:net';
import { type ConnectionOptions, type SecureContext, type TLSSocket, connect } from 'node:tls';
import type { HttpResponse } from '@smithy/types';
import type { BlockPool } from './block-pool.ts';
import { BulkExchange, type ExchangeConnection } from './bulk-exchange.ts';
import type { BulkRequest } from './bulk-request.ts';
import { StaleConnectionError, connectionLost, timedOut } from './transport-error.ts';

/** TLS hands over a record (16 KiB) at a time. */
const READ_BYTES = 64 * 1024;

export interface ConnectionSettings {
  readonly hostname: string;
  readonly port: number;
  readonly secureContext: SecureContext;
  readonly blocks: BlockPool;
  readonly connectTimeoutMs: number;
  readonly socketTimeoutMs: number;
  /** Of an earlier connection to the same server, so that the handshake is short. */
  readonly session: Buffer | undefined;
  readonly onSession: (session: Buffer) => void;
  /** Ready for another exchange. */
  readonly onIdle: (connection: BulkConnection) => void;
  readonly onClose: (connection: BulkConnection) => void;
}

/**
 * A TLS connection that carries one exchange after another. What comes is read into one buffer of its own and handed
 * on from there, without a stream between.
 */
export class BulkConnection implements ExchangeConnection {
  readonly socket: TLSSocket;
  readonly blocks: BlockPool;
  readonly #settings: ConnectionSettings;
  readonly #secured: Promise<void>;
  #exchange: BulkExchange | undefined;
  #isSecured = false;
  #served = 0;
  #failure: Error | undefined;
  #closed = false;
  /** Reading was stopped because nobody takes what comes. */
  #stopped = false;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.blocks = settings.blocks;
    this.socket = this.#connect();
    this.#secured = this.#handshake();
    // asked for only when a request waits for it
    this.#secured.catch(() => undefined);
  }

  /** Whether the handshake came to its end. */
  get secured(): boolean {
    return this.#isSecured;
  }

  /** @throws StaleConnectionError where another connection may do better */
  async exchange(request: BulkRequest): Promise<HttpResponse> {
    const exchange = new BulkExchange(this, request);
    this.#exchange = exchange;
    exchange.watch();
    this.socket.ref();
    try {
      if (this.#served === 0) await Promise.race([this.#secured, exchange.answer]);
      if (this.#closed) exchange.disconnected(this.#failure ?? connectionLost(), false);
      this.socket.setTimeout(this.#settings.socketTimeoutMs);
      exchange.start();
      return await exchange.answer;
    } catch (error) {
      this.close();
      if (this.#served > 0 && !exchange.answered && error instanceof Error && error === this.#failure) {
        throw new StaleConnectionError(error);
      }
      throw error;
    }
  }

  resume(): void {
    this.socket.setTimeout(this.#settings.socketTimeoutMs);
    this.#flow();
  }

  ended(reusable: boolean): void {
    this.#exchange = undefined;
    if (!reusable) return this.close();
    this.#served++;
    this.socket.setTimeout(0);
    // not paused any more, so that its end is seen; and no reason for the process to go on
    this.#flow();
    this.socket.unref();
    this.#settings.onIdle(this);
  }

  close(): void {
    this.socket.destroy();
    this.#gone(false);
  }

  /** A socket that flows already is let alone: to tell it costs a turn of its own. */
  #flow(): void {
    if (!this.#stopped && this.socket.readableFlowing === true) return;
    this.#stopped = false;
    this.socket.resume();
  }

  #connect(): TLSSocket {
    const { hostname, port, secureContext, session } = this.#settings;
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    // tls.connect() hands on all options of net.Socket, which its types do not know
    const options: ConnectionOptions & { onread: OnReadOpts } = {
      host: hostname,
      port,
      // a server name is never an address (RFC 6066); the certificate is then compared with `host`
      servername: isIP(hostname) === 0 ? hostname : '',
      ALPNProtocols: ['http/1.1'],
      secureContext,
      // not left to the environment: NODE_TLS_REJECT_UNAUTHORIZED=0 would hand the key to anyone
      rejectUnauthorized: true,
      ...(session === undefined ? {} : { session }),
      onread: {
        buffer,
        callback: (length) => {
          const goesOn = this.#receive(length === READ_BYTES ? buffer : buffer.subarray(0, length));
          this.#stopped = !goesOn;
          return goesOn;
        },
      },
    };
    const socket = connect(options);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 1000);
    socket.on('session', this.#settings.onSession);
    socket.on('timeout', () => this.#onTimeout());
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
    socket.on('end', () => this.#gone(true));
    socket.on('close', () => this.#gone(false));
    return socket;
  }

  #handshake(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.socket.destroy(timedOut('no connection in time'));
      }, this.#settings.connectTimeoutMs);
      // TCP and TLS may each take as long
      this.socket.once('connect', () => timer.refresh());
      this.socket.once('secureConnect', () => {
        clearTimeout(timer);
        this.#isSecured = true;
        resolve();
      });
      this.socket.once('close', () => {
        clearTimeout(timer);
        reject(this.#failure ?? connectionLost());
      });
    });
  }

  #receive(chunk: Buffer): boolean {
    if (this.#exchange !== undefined) return this.#exchange.receive(chunk);
    // nobody asked for this
    this.close();
    return true;
  }

  #onTimeout(): void {
    if (this.#exchange === undefined) return;
    if (this.#exchange.waitsForUs) this.socket.setTimeout(this.#settings.socketTimeoutMs);
    else this.#exchange.fail(timedOut('nothing moved on the connection'));
  }

  #gone(ended: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    const broken = this.#failure !== undefined;
    this.#failure ??= connectionLost();
    this.#exchange?.disconnected(this.#failure, ended && !broken);
    this.socket.destroy();
    this.#settings.onClose(this);
  }
}
