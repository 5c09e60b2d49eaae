/** A second answer of "slow down" within this time (ms) is of the same moment. */
const SAME_MOMENT_MS = 500;
/** How long it must have been quiet before more is tried again (ms). */
const QUIET_MS = 2000;

interface Waiting {
  readonly weight: number;
  readonly take: () => void;
}

/**
 * How much of a client's requests may be under way at once. A small request weighs one, a part of a large object
 * more; where the server asks to slow down, fewer are let through, and more again once it is content.
 */
export class RequestSlots {
  /** What may be under way at once, as long as the server does not complain. */
  readonly capacity: number;
  readonly #now: () => number;
  #limit: number;
  #used = 0;
  #waiting: Waiting[] = [];
  #slowedAt = Number.NEGATIVE_INFINITY;

  constructor(capacity: number, now: () => number = () => performance.now()) {
    this.capacity = capacity;
    this.#limit = capacity;
    this.#now = now;
  }

  /** What may be under way now; the capacity, where the server never complained. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Waits its turn. What weighs more than the limit runs alone.
   *
   * @returns to be called once the request is over
   */
  async acquire(weight: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || !this.#fits(weight)) await this.#wait(weight, signal);
    else this.#used += weight;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= weight;
      this.#recover();
      this.#admit();
    };
  }

  /** The server said 503 or 429. */
  slowDown(): void {
    const now = this.#now();
    if (now - this.#slowedAt > SAME_MOMENT_MS) this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#slowedAt = now;
  }

  #recover(): void {
    if (this.#limit < this.capacity && this.#now() - this.#slowedAt > QUIET_MS) this.#limit += 1;
  }

  #fits(weight: number): boolean {
    return this.#used === 0 || this.#used + weight <= this.#limit;
  }

  #wait(weight: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        weight,
        take: () => {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        reject(signal?.reason);
        this.#admit();
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || !this.#fits(next.weight)) return;
      this.#waiting.shift();
      this.#used += next.weight;
      next.take();
    }
  }
}
