import { SsecError } from '../errors.ts';

const MiB = 1024 ** 2;

/**
 * What S3 takes, in bytes
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html).
 */
export const MIN_PART_BYTES = 5 * MiB;
export const MAX_PART_BYTES = 5 * 1024 * MiB;
export const MAX_PARTS = 10_000;
export const MAX_OBJECT_BYTES = MAX_PARTS * MAX_PART_BYTES;

/** Up to this many bytes an object goes in one request, from memory, and comes in one. */
export const SINGLE_PUT_BYTES = 16 * MiB;
export const SINGLE_GET_BYTES = 32 * MiB;

/** A part is held in memory while it is sent, a few at a time; larger ones gain nothing on any wire that was measured. */
const DEFAULT_PART_BYTES = 8 * MiB;

/** From here on parts and ranges are twice as large: each costs a request, some 2 ms of the processor. */
const LARGE_OBJECT_BYTES = 256 * MiB;

/** What CopyObject copies; larger objects are copied in parts, of which a server does several at once. */
export const SINGLE_COPY_BYTES = 5 * 1024 * MiB;
const COPY_PART_BYTES = 512 * MiB;

/** Downloads are written as they come, so that a range costs a request and no memory. */
const MIN_RANGE_BYTES = 16 * MiB;
const MAX_RANGE_BYTES = 256 * MiB;
const COMFORTABLE_RANGES = 1000;

/** A part of a stream stands in memory: what is larger would be more than machines have to spare. */
export const MAX_STREAM_PART_BYTES = 1024 * MiB;

/** Parts of a stream that have the same size before the size doubles. */
const STREAM_PARTS_OF_A_SIZE = 1000;

/** A piece of an object: a part of an upload, a range of a download. */
export interface Piece {
  /** From 1. */
  readonly number: number;
  /** First byte. */
  readonly start: number;
  /** Bytes. */
  readonly size: number;
}

/** How an object of known size is cut: pieces of one size, and a last one that may be smaller. */
export interface PartPlan {
  /** Bytes of the whole. */
  readonly size: number;
  readonly partSize: number;
  readonly count: number;
}

/**
 * The parts of an upload.
 *
 * @param partSize as the user wants it; undefined = the smallest that suits
 * @throws SsecError USAGE where S3 would not take the parts or the object
 */
export function planParts(size: number, partSize: number | undefined): PartPlan {
  if (size > MAX_OBJECT_BYTES) {
    throw new SsecError('USAGE', `${size} bytes are more than S3 takes as one object (48.8 TiB).`);
  }
  if (partSize !== undefined) checkPartSize(partSize);
  const needed = Math.min(MAX_PART_BYTES, roundUp(Math.ceil(size / MAX_PARTS), MiB));
  if (partSize !== undefined && size > partSize * MAX_PARTS) {
    throw new SsecError('USAGE', `${size} bytes in parts of ${partSize} are more than S3's 10,000 parts.`, {
      hints: [`leave --part-size away, or take at least ${needed / MiB}MiB`],
    });
  }
  const comfortable = size < LARGE_OBJECT_BYTES ? DEFAULT_PART_BYTES : 2 * DEFAULT_PART_BYTES;
  return cut(size, partSize ?? Math.max(comfortable, needed));
}

/** @throws SsecError USAGE for a size that S3 does not take */
export function checkPartSize(partSize: number): void {
  if (Number.isSafeInteger(partSize) && partSize >= MIN_PART_BYTES && partSize <= MAX_PART_BYTES) return;
  throw new SsecError('USAGE', `A part of ${partSize} bytes is not what S3 takes: 5 MiB to 5 GiB.`);
}

/** The ranges of a download. */
export function planRanges(size: number): PartPlan {
  const comfortable = roundUp(Math.ceil(size / COMFORTABLE_RANGES), MiB);
  const smallest = size < LARGE_OBJECT_BYTES ? MIN_RANGE_BYTES : 2 * MIN_RANGE_BYTES;
  return cut(size, Math.min(MAX_RANGE_BYTES, Math.max(smallest, comfortable)));
}

/** The parts of a copy inside the server, which cost no memory here. */
export function planCopies(size: number): PartPlan {
  return cut(size, Math.max(COPY_PART_BYTES, roundUp(Math.ceil(size / MAX_PARTS), MiB)));
}

/** The ranges of a download that can only be written in order, of which a few are held in memory. */
export function planReadAhead(size: number): PartPlan {
  return cut(size, DEFAULT_PART_BYTES);
}

/** @param number from 1 to `count` */
export function pieceOf(plan: PartPlan, number: number): Piece {
  const start = (number - 1) * plan.partSize;
  return { number, start, size: Math.min(plan.partSize, plan.size - start) };
}

/**
 * Bytes of a part of a stream, whose end nobody knows: they double every thousand parts, so that 10,000 parts hold
 * some TiB and a small stream is not held in memory as one large part.
 *
 * @param number from 1
 * @param first bytes of the first part
 */
export function streamPartSize(number: number, first = DEFAULT_PART_BYTES): number {
  const doublings = Math.floor((number - 1) / STREAM_PARTS_OF_A_SIZE);
  return Math.min(MAX_STREAM_PART_BYTES, first * 2 ** doublings);
}

function cut(size: number, partSize: number): PartPlan {
  return { size, partSize, count: Math.max(1, Math.ceil(size / partSize)) };
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
