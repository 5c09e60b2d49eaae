import {
  type WireAnswer,
  type WireHandler,
  type WireRequest,
  echoOf,
  s3Error,
} from '../support/wire-server.ts';

export interface StoredObject {
  readonly content: Buffer;
  readonly etag?: string;
  /** More headers of a whole answer, HEAD too: checksums, as a rule. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Bytes that a request asks for; all of them where it names no range. */
export function rangeOf(
  request: WireRequest,
  size: number,
): { readonly start: number; readonly end: number } {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers['range'] ?? '') ?? [];
  return from === undefined ? { start: 0, end: size } : { start: Number(from), end: Number(to) + 1 };
}

/**
 * The least of an S3 that holds one object: HEAD, GET, ranges, If-Match.
 *
 * @param twist may change an answer
 */
export function servesObject(
  stored: () => StoredObject,
  twist: (answer: WireAnswer, request: WireRequest, index: number) => WireAnswer | Promise<WireAnswer> = (
    answer,
  ) => answer,
): WireHandler {
  return (request, index) => {
    const { content, etag = '"e"', headers = {} } = stored();
    const wanted = request.headers['if-match'];
    if (wanted !== undefined && wanted !== etag)
      return twist(s3Error(412, 'PreconditionFailed'), request, index);
    const { start, end } = rangeOf(request, content.length);
    const isRange = request.headers['range'] !== undefined;
    const answer: WireAnswer = {
      status: isRange ? 206 : 200,
      headers: {
        etag,
        ...echoOf(request),
        ...(isRange ? { 'content-range': `bytes ${start}-${end - 1}/${content.length}` } : headers),
        'content-length': String(end - start),
      },
      body: content.subarray(start, end),
    };
    return twist(answer, request, index);
  };
}
