import { Readable } from 'node:stream';
import { Source, type SourceDigest } from './source.ts';

/** A source that tells how many of its bytes were taken; from 0 again when it is opened again. */
export class ObservedSource extends Source {
  readonly size: number;
  readonly name: string;
  readonly #source: Source;
  readonly #onProgress: (bytes: number) => void;
  #inMemory = false;

  constructor(source: Source, onProgress: (bytes: number) => void) {
    super();
    this.#source = source;
    this.#onProgress = onProgress;
    this.size = source.size;
    this.name = source.name;
  }

  read(position: number, into: Uint8Array): Promise<void> {
    return this.#source.read(position, into);
  }

  checkUnchanged(): Promise<void> {
    return this.#source.checkUnchanged();
  }

  override digest(options: { md5: boolean; signal?: AbortSignal }): Promise<SourceDigest> {
    return this.#source.digest(options);
  }

  override open(): Readable | Buffer {
    const body = this.#source.open();
    if (body instanceof Readable) return Readable.from(this.#count(body), { objectMode: false });
    this.#inMemory = true;
    return body;
  }

  override onSent(bytes: number): void {
    if (this.#inMemory) this.#onProgress(bytes);
  }

  close(): Promise<void> {
    return this.#source.close();
  }

  async *#count(body: Readable): AsyncGenerator<Buffer> {
    let taken = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      yield chunk;
      taken += chunk.length;
      this.#onProgress(taken);
    }
  }
}
