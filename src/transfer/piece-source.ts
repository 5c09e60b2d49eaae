import type { Piece } from './part-plan.ts';
import { Source } from './source.ts';

/** A piece of another source, which stays whose it is: for parts that are too large to hold in memory. */
export class PieceSource extends Source {
  readonly size: number;
  readonly name: string;
  readonly #whole: Source;
  readonly #start: number;

  constructor(whole: Source, piece: Piece) {
    super();
    this.#whole = whole;
    this.#start = piece.start;
    this.size = piece.size;
    this.name = whole.name;
  }

  read(position: number, into: Uint8Array): Promise<void> {
    return this.#whole.read(this.#start + position, into);
  }

  checkUnchanged(): Promise<void> {
    return this.#whole.checkUnchanged();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
