import { BulkConnection, type ConnectionSettings } from './bulk-connection.ts';
import { aborted, connectionLost } from './transport-error.ts';

export type PoolSettings = Omit<ConnectionSettings, 'session' | 'onSession' | 'onIdle' | 'onClose'> & {
  readonly maxSockets: number;
};

interface Waiter {
  readonly fresh: boolean;
  readonly resolve: (connection: BulkConnection) => void;
  readonly reject: (error: Error) => void;
}

/** The connections to one server: as many as there may be, used again, and a queue for the rest. */
export class ConnectionPool {
  readonly #settings: PoolSettings;
  readonly #all = new Set<BulkConnection>();
  readonly #idle: BulkConnection[] = [];
  readonly #waiting: Waiter[] = [];
  #session: Buffer | undefined;
  #destroyed = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** @param fresh one that was not used before: another may be as stale as the one that just failed */
  acquire(options: { fresh: boolean; signal: AbortSignal | undefined }): Promise<BulkConnection> {
    const { fresh, signal } = options;
    if (this.#destroyed) return Promise.reject(connectionLost());
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    if (!fresh) {
      // the one that was used last: the server will close the others first
      const idle = this.#idle.pop();
      if (idle !== undefined) return Promise.resolve(idle);
    } else if (this.#all.size >= this.#settings.maxSockets) {
      this.#idle.shift()?.close();
    }
    if (this.#all.size < this.#settings.maxSockets) return Promise.resolve(this.#open());
    return this.#wait(fresh, signal);
  }

  destroy(): void {
    this.#destroyed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(connectionLost());
    for (const connection of this.#all) connection.close();
  }

  #wait(fresh: boolean, signal: AbortSignal | undefined): Promise<BulkConnection> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        if (signal !== undefined) reject(aborted(signal));
      };
      const waiter: Waiter = {
        fresh,
        resolve: (connection) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(connection);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort);
          reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #open(): BulkConnection {
    const connection = new BulkConnection({
      ...this.#settings,
      session: this.#session,
      onSession: (session) => {
        this.#session = session;
      },
      onIdle: () => this.#onIdle(connection),
      onClose: () => this.#onClose(connection),
    });
    this.#all.add(connection);
    return connection;
  }

  #onIdle(connection: BulkConnection): void {
    const [next] = this.#waiting;
    if (next?.fresh === true) return connection.close();
    this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next.resolve(connection);
  }

  #onClose(connection: BulkConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (!connection.secured) this.#session = undefined;
    if (this.#destroyed || this.#all.size >= this.#settings.maxSockets) return;
    const next = this.#waiting.shift();
    next?.resolve(this.#open());
  }
}
