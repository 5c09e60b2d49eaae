import { constants } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MAX_OBJECT_BYTES,
  MAX_PARTS,
  MAX_PART_BYTES,
  MIN_PART_BYTES,
  type PartPlan,
  pieceOf,
  planParts,
  planRanges,
  planReadAhead,
  streamPartSize,
} from '../../src/transfer/part-plan.ts';
import { thrown } from '../unit/support/thrown.ts';

const MiB = 1024 ** 2;
const TiB = 1024 ** 4;
/** What one buffer holds, and what S3 takes as one part. */
const MAX_LENGTH = Math.min(constants.MAX_LENGTH, MAX_PART_BYTES);

/** Sizes of every magnitude, and those where something changes. */
const sizes = fc.oneof(
  fc.integer({ min: 0, max: MAX_OBJECT_BYTES }),
  fc.integer({ min: 0, max: 100 * MiB }),
  fc
    .tuple(
      fc.constantFrom(5 * MiB, 8 * MiB, 16 * MiB, 80_000 * MiB, 256_000 * MiB, TiB, MAX_OBJECT_BYTES),
      fc.integer({ min: -3, max: 3 }),
    )
    .map(([at, off]) => Math.min(MAX_OBJECT_BYTES, at + off)),
);
const partSizes = fc.integer({ min: MIN_PART_BYTES, max: MAX_PART_BYTES });

/** Piece behind piece from the first byte to the last, by their ends and at random places between. */
function expectToCover(plan: PartPlan, numbers: readonly number[]): void {
  const at = (number: number) => pieceOf(plan, number);
  expect(at(1).start).toBe(0);
  const last = at(plan.count);
  expect(last.start + last.size).toBe(plan.size);
  expect(last.size > 0 || plan.size === 0).toBe(true);
  for (const any of numbers) {
    const number = 1 + (any % plan.count);
    const piece = at(number);
    expect(Number.isSafeInteger(piece.start)).toBe(true);
    expect(piece.number).toBe(number);
    if (number === plan.count) continue;
    expect(piece.size).toBe(plan.partSize);
    expect(at(number + 1).start).toBe(piece.start + piece.size);
  }
}

const anyNumbers = fc.array(fc.nat(), { maxLength: 20 });

describe('the parts of an upload', () => {
  test('cover any object exactly, within the limits of S3', () => {
    fc.assert(
      fc.property(sizes, anyNumbers, (size, numbers) => {
        const plan = planParts(size, undefined);
        expectToCover(plan, numbers);
        expect(plan.count).toBeLessThanOrEqual(MAX_PARTS);
        expect(plan.partSize).toBeGreaterThanOrEqual(MIN_PART_BYTES);
        expect(plan.partSize).toBeLessThanOrEqual(MAX_PART_BYTES);
      }),
      { numRuns: 500 },
    );
  });

  test('have the size that the user wants, or the answer says which would do', () => {
    fc.assert(
      fc.property(sizes, partSizes, anyNumbers, (size, partSize, numbers) => {
        if (Math.ceil(size / partSize) <= MAX_PARTS) {
          const plan = planParts(size, partSize);
          expect(plan.partSize).toBe(partSize);
          expectToCover(plan, numbers);
          return;
        }
        const error = thrown(() => planParts(size, partSize));
        expect(error.code).toBe('USAGE');
        const enough = Number(/(\d+)MiB/.exec(error.hints.join())?.[1]) * MiB;
        expect(planParts(size, enough).count).toBeLessThanOrEqual(MAX_PARTS);
      }),
      { numRuns: 500 },
    );
  });

  test('are refused where S3 would refuse them', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.maxSafeInteger().map((size) => Math.min(size, MIN_PART_BYTES - 1)),
          fc.maxSafeInteger().map((size) => Math.max(size, MAX_PART_BYTES + 1)),
          fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, MIN_PART_BYTES + 0.5),
        ),
        (partSize) => {
          expect(thrown(() => planParts(1, partSize)).code).toBe('USAGE');
        },
      ),
    );
    expect(thrown(() => planParts(MAX_OBJECT_BYTES + 1, undefined)).code).toBe('USAGE');
    expect(thrown(() => planParts(MAX_OBJECT_BYTES + 1, MAX_PART_BYTES)).code).toBe('USAGE');
    expect(planParts(MAX_OBJECT_BYTES, undefined)).toMatchObject({
      count: MAX_PARTS,
      partSize: MAX_PART_BYTES,
    });
  });
});

describe('the ranges of a download', () => {
  test('cover any object exactly', () => {
    fc.assert(
      fc.property(sizes, anyNumbers, (size, numbers) => {
        const ranges = planRanges(size);
        expectToCover(ranges, numbers);
        expect(ranges.partSize).toBeGreaterThanOrEqual(16 * MiB);
        expect(ranges.partSize).toBeLessThanOrEqual(256 * MiB);
        expectToCover(planReadAhead(size), numbers);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the parts of a stream', () => {
  const total = (count: number, first: number | undefined): number => {
    let sum = 0;
    for (let number = 1; number <= count; number++) sum += streamPartSize(number, first);
    return sum;
  };

  test('never get smaller, stay within the limits, and 10,000 of them make no object that is too large', () => {
    fc.assert(
      fc.property(fc.option(partSizes, { nil: undefined }), (first) => {
        let before = 0;
        for (let number = 1; number <= MAX_PARTS; number++) {
          const size = streamPartSize(number, first);
          if (size < before || size < MIN_PART_BYTES || size > MAX_LENGTH || !Number.isInteger(size))
            throw new Error(`part ${number} has ${size} bytes behind one of ${before}`);
          before = size;
        }
        expect(total(MAX_PARTS, first)).toBeLessThanOrEqual(MAX_OBJECT_BYTES);
      }),
      { numRuns: 50 },
    );
  });

  test('hold some TiB, and are small as long as the stream is', () => {
    expect(total(MAX_PARTS, undefined)).toBeGreaterThan(3.8 * TiB);
    expect(streamPartSize(1000)).toBe(8 * MiB);
    expect(streamPartSize(1001)).toBe(16 * MiB);
  });
});
