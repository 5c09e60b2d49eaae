import { badLine } from './bad-line.ts';

/** Longest line in bytes: a key has at most 1,024, which are 6 times as many where each is escaped. */
const MAX_LINE_BYTES = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;

/**
 * Cuts bytes into lines. A CR right before the LF belongs to the line's end, any other to the line. The lines are
 * handed on as places in a buffer, because most of them are another worker's, and are only counted.
 */
export class LineSplitter {
  readonly #name: string;
  readonly #visit: (bytes: Buffer, start: number, end: number, line: number) => void;
  #rest: Buffer = Buffer.alloc(0);
  #line = 0;

  /**
   * @param name what to call the file in a message
   * @param visit told of each line that is not empty, with its number from 1
   */
  constructor(name: string, visit: (bytes: Buffer, start: number, end: number, line: number) => void) {
    this.#name = name;
    this.#visit = visit;
  }

  /** @throws SsecError USAGE for a line that is too long, and what `visit` throws */
  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    // what is left over has no LF in it
    for (let end = bytes.indexOf(LF, this.#rest.length); end !== -1; end = bytes.indexOf(LF, start)) {
      this.#tell(bytes, start, end);
      start = end + 1;
    }
    this.#rest = bytes.subarray(start);
    if (this.#rest.length > MAX_LINE_BYTES) throw this.#tooLong();
  }

  /** The last line may have no end. */
  finish(): void {
    const bytes = this.#rest;
    this.#rest = Buffer.alloc(0);
    if (bytes.length > 0) this.#tell(bytes, 0, bytes.length);
  }

  #tell(bytes: Buffer, start: number, lf: number): void {
    const end = lf < bytes.length && lf > start && bytes[lf - 1] === CR ? lf - 1 : lf;
    if (end - start > MAX_LINE_BYTES) throw this.#tooLong();
    this.#line += 1;
    if (end > start) this.#visit(bytes, start, end, this.#line);
  }

  #tooLong(): Error {
    return badLine({ name: this.#name, line: this.#line + 1 }, 'it is over 64 KiB long', [
      'a manifest has one object a line, and no key is as long as that',
    ]);
  }
}
