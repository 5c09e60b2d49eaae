import { S3Error } from '../s3-error.ts';

/** What is to be verified of a signed body; absent for an unsigned one. */
export interface ChunkVerifier {
  data(bytes: Buffer): void;
  /** At the end of each chunk, the empty last one too. */
  endOfChunk(signature: string): void;
  trailer(lines: readonly TrailerField[], signature: string): void;
}

export interface TrailerField {
  readonly name: string;
  readonly value: string;
}

export interface AwsChunkedOptions {
  readonly verifier?: ChunkVerifier;
  /** Names that x-amz-trailer announced. */
  readonly trailers: readonly string[];
  /** S3 refuses smaller chunks than 8 KiB, but for the last one. */
  readonly minChunkBytes?: number;
}

type State = 'size' | 'data' | 'end-of-data' | 'trailer' | 'end-of-trailer' | 'done';

const maxLineBytes = 4096;

/**
 * Decodes `Content-Encoding: aws-chunked`, however the input is split.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html
 */
export class AwsChunkedDecoder {
  readonly #options: AwsChunkedOptions;
  readonly #minChunkBytes: number;
  readonly #trailer: TrailerField[] = [];
  #state: State = 'size';
  #line = '';
  #remaining = 0;
  #signature = '';
  #smallChunkSeen = false;

  constructor(options: AwsChunkedOptions) {
    this.#options = options;
    this.#minChunkBytes = options.minChunkBytes ?? 8192;
  }

  /** The decoded pieces of what came; throws on the first byte that does not fit. */
  *push(bytes: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const piece = bytes.subarray(at, at + this.#remaining);
        at += piece.length;
        this.#remaining -= piece.length;
        this.#options.verifier?.data(piece);
        if (this.#remaining === 0) this.#state = 'end-of-data';
        yield piece;
        continue;
      }
      if (this.#state === 'done') throw malformed('there are bytes after the end');
      const lineFeed = bytes.indexOf(0x0a, at);
      const end = lineFeed === -1 ? bytes.length : lineFeed + 1;
      this.#line += bytes.toString('latin1', at, end);
      at = end;
      if (this.#line.length > maxLineBytes) throw malformed('a line is too long');
      if (lineFeed !== -1) this.#takeLine();
    }
  }

  /** Throws unless the body came to its end; the trailer fields. */
  finish(): readonly TrailerField[] {
    if (this.#state !== 'done') throw incompleteBody();
    return this.#trailer;
  }

  #takeLine(): void {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw malformed('a line does not end in CRLF');
    const text = line.slice(0, -2);
    if (this.#state === 'size') this.#takeSize(text);
    else if (this.#state === 'trailer') this.#takeTrailer(text);
    else if (text !== '') throw malformed('a chunk is longer than its size');
    else if (this.#state === 'end-of-trailer') this.#state = 'done';
    else {
      this.#options.verifier?.endOfChunk(this.#signature);
      this.#state = 'size';
    }
  }

  #takeSize(text: string): void {
    const signed = this.#options.verifier !== undefined;
    const match = (
      signed ? /^([0-9a-f]{1,12});chunk-signature=([0-9a-f]{64})$/i : /^([0-9a-f]{1,12})$/i
    ).exec(text);
    if (match === null) throw malformed('a chunk header is not well-formed');
    const size = Number.parseInt(match[1] ?? '', 16);
    this.#signature = match[2] ?? '';
    if (size === 0) {
      this.#options.verifier?.endOfChunk(this.#signature);
      this.#state = 'trailer';
      return;
    }
    if (this.#smallChunkSeen) {
      throw new S3Error(
        403,
        'InvalidChunkSizeError',
        'Only the last chunk is allowed to have a size less than 8192 bytes',
      );
    }
    this.#smallChunkSeen = size < this.#minChunkBytes;
    this.#remaining = size;
    this.#state = 'data';
  }

  #takeTrailer(text: string): void {
    const { trailers, verifier } = this.#options;
    if (text === '') {
      // A signed trailer ends with its signature line, which leads to another state.
      const isSignatureMissing = trailers.length > 0 && verifier !== undefined;
      if (isSignatureMissing || this.#trailer.length !== trailers.length) throw malformedTrailer();
      this.#state = 'done';
      return;
    }
    const colon = text.indexOf(':');
    const name = text.slice(0, colon).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    if (colon === -1) throw malformedTrailer();
    if (name === 'x-amz-trailer-signature' && verifier !== undefined) {
      if (this.#trailer.length !== trailers.length) throw malformedTrailer();
      verifier.trailer(this.#trailer, value);
      this.#state = 'end-of-trailer';
      return;
    }
    const isExpected = trailers.includes(name) && !this.#trailer.some((field) => field.name === name);
    if (!isExpected) throw malformedTrailer();
    this.#trailer.push({ name, value });
  }
}

export function incompleteBody(): S3Error {
  return new S3Error(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
  );
}

function malformed(why: string): S3Error {
  return new S3Error(400, 'InvalidRequest', `The aws-chunked body is not well-formed: ${why}.`);
}

function malformedTrailer(): S3Error {
  return new S3Error(
    400,
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  );
}
