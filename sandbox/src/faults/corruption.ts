/** Turns over one bit of one byte of what passes. */
export class Corruption {
  readonly #byte: number;
  #passed = 0;

  constructor(byte: number) {
    this.#byte = byte;
  }

  next(piece: Buffer): Buffer {
    const at = this.#byte - this.#passed;
    this.#passed += piece.length;
    const byte = piece[at];
    if (byte === undefined) return piece;
    const copy = Buffer.from(piece);
    copy[at] = byte ^ 1;
    return copy;
  }
}
