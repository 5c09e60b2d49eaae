import type { RekeyObjectResult } from '../../rekey/rekey-result.ts';

/** Counts what became of the objects. */
export class RekeyTally {
  seen = 0;
  failed = 0;
  readonly #things: 'objects' | 'versions';
  readonly #status = { rekeyed: 0, pending: 0, already: 0, skipped: 0 };
  #oldVersions = 0;
  #locksLost = 0;
  #unknown = 0;
  #weaklyProved = 0;

  /** @param things what is counted */
  constructor(things: 'objects' | 'versions') {
    this.#things = things;
  }

  add(result: RekeyObjectResult): void {
    this.#status[result.status] += 1;
    if (result.oldVersion?.deleted === false) this.#oldVersions += 1;
    if (
      result.status === 'skipped' &&
      result.from.encryption === 'SSE-C' &&
      result.from.ringKey === undefined
    )
      this.#unknown += 1;
    if (result.lost.includes('object-lock')) this.#locksLost += 1;
    if (result.proof === 'size') this.#weaklyProved += 1;
  }

  /** Versions that this run made old ones, and that stay. */
  get oldVersions(): number {
    return this.#oldVersions;
  }

  /** What the user should know at the end, a sentence each. @param toLabel the new key */
  sentences(toLabel: string, isDry: boolean): readonly string[] {
    const { rekeyed, pending, already, skipped } = this.#status;
    const parts = [
      isDry ? `${pending} would be rekeyed` : `${rekeyed} rekeyed`,
      ...(already > 0 ? [`${already} under ${toLabel} already`] : []),
      ...(skipped > 0 ? [`${skipped} left alone, being under another key or none`] : []),
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
    ];
    const first = `of ${this.seen} ${this.#things} ${parts.join(', ')}`;
    return [
      first,
      ...(this.#unknown > 0 ? [`${this.#unknown} of them open with none of the keys that were tried`] : []),
      ...(this.#weaklyProved > 0
        ? [
            `${this.#weaklyProved} are proved by their length alone: S3 keeps no checksum of theirs that can be compared`,
          ]
        : []),
      ...(this.#locksLost > 0
        ? [`${this.#locksLost} had Object Lock terms, which the new versions do not have`]
        : []),
    ];
  }
}
