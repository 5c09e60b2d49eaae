import { SsecError } from './errors.ts';

/**
 * Ends a listing that goes round in a circle: of a server that repeats a page for ever, nobody would see the end.
 * Remembers one token, of ever later pages (Brent's algorithm), so that it takes the same memory for a million pages.
 */
export class PageGuard {
  readonly #bucket: string;
  #remembered: string | undefined;
  #steps = 0;
  #limit = 1;

  constructor(bucket: string) {
    this.#bucket = bucket;
  }

  /**
   * @param token what the next page is asked for with
   * @returns the same
   * @throws SsecError SERVICE_REFUSED where it was asked for before, or the server does not say where to go on
   */
  check(token: string | undefined): string {
    if (token === undefined || token === '')
      throw this.#refused('says that there is more, and not where it begins');
    if (token === this.#remembered) throw this.#refused('repeats a page that it gave before');
    this.#steps += 1;
    if (this.#steps < this.#limit) return token;
    this.#remembered = token;
    this.#limit *= 2;
    this.#steps = 0;
    return token;
  }

  #refused(what: string): SsecError {
    return new SsecError(
      'SERVICE_REFUSED',
      `The listing of "${this.#bucket}" cannot be read to its end: the server ${what}.`,
      { hints: ['what was listed is not all there is; list under a longer prefix'] },
    );
  }
}
