import { type ErrorCode, SsecError } from '../errors.ts';

/** Failures that say of a server that it cannot do what was tried. */
const CANNOT: ReadonlySet<ErrorCode> = new Set(['NOT_SUPPORTED', 'KEY_IGNORED']);

/**
 * The first copy that a server makes is made alone: a server that passes over the key would otherwise have spoilt as many
 * objects as there are requests at once before anybody knew. Once one copy is proved the others go as they like, and
 * where the server cannot do it, none is tried any more.
 */
export class CopyTrial {
  #isProved = false;
  #refusal: SsecError | undefined;
  #running: Promise<unknown> | undefined;

  /** Whether the server has shown that it can. */
  get isProved(): boolean {
    return this.#isProved;
  }

  /** @throws SsecError what the work threw, or what showed that the server cannot do it */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    while (!this.#isProved) {
      if (this.#refusal !== undefined) throw this.#refusal;
      signal?.throwIfAborted();
      if (this.#running === undefined) return this.#first(work);
      await this.#running.catch(() => undefined);
    }
    return work();
  }

  async #first<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.#running = running;
    try {
      const done = await running;
      this.#isProved = true;
      return done;
    } catch (error) {
      if (error instanceof SsecError && CANNOT.has(error.code)) this.#refusal = error;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }
}
