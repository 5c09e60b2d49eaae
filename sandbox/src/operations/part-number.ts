import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { invalidArgument, invalidRequest, S3Error } from '../s3-error.ts';
import type { ObjectPart, ObjectRecord } from '../store/object-record.ts';
import type { ByteRange } from './byte-range.ts';

export const maxParts = 10_000;

export function readPartNumber(request: S3Request): number {
  return parsePartNumber(queryParameter(request, 'partNumber') ?? '');
}

export function parsePartNumber(text: string): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= 1 && number <= maxParts) return number;
  throw invalidArgument(
    `Part number must be an integer between 1 and ${maxParts}, inclusive`,
    'partNumber',
    text,
  );
}

/** The part that a read asks for by its number. */
export interface WantedPart {
  /** undefined: the object was put in one piece, and has no parts. */
  readonly part: ObjectPart | undefined;
  /** undefined: the part is empty. */
  readonly range: ByteRange | undefined;
}

export function readWantedPart(request: S3Request, record: ObjectRecord): WantedPart | undefined {
  if (queryParameter(request, 'partNumber') === undefined) return undefined;
  const number = readPartNumber(request);
  if (request.headers.has('range')) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  // What was put in one piece is its own first part.
  const index =
    record.parts === undefined ? number - 1 : record.parts.findIndex((part) => part.number === number);
  const piece = record.pieces[index];
  if (piece === undefined) {
    throw new S3Error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
      PartNumberRequested: String(number),
      ActualPartCount: String(record.pieces.length),
    });
  }
  const first = record.pieces.slice(0, index).reduce((sum, { size }) => sum + size, 0);
  return {
    part: record.parts?.[index],
    range: piece.size === 0 ? undefined : { first, last: first + piece.size - 1 },
  };
}
