type Plans = typeof import('../../src/transfer/part-plan.ts');

/** How much smaller parts, ranges and thresholds are. */
const SHRINK = 64;

/** Above so many units an object is copied in parts, of the smallest size that S3 takes; really it is 5 GiB. */
const SINGLE_COPY_UNITS = 16;

/** What is a MiB to the real plans. */
export const unit = 1024 ** 2 / SHRINK;

/**
 * The plans of transfers, with all of their sizes divided by 64: what happens between parts does not depend on how large
 * they are, and a test need not move megabytes to see it. To be used as
 *
 *   vi.mock('../../src/transfer/part-plan.ts', async (original) =>
 *     (await import('../support/small-plans.ts')).smallPlans(await original()),
 *   );
 */
export function smallPlans(plans: Plans): Plans {
  const large = (size: number | undefined) => (size === undefined ? undefined : size * SHRINK);
  const small = (plan: ReturnType<Plans['planParts']>) => ({
    size: plan.size / SHRINK,
    partSize: plan.partSize / SHRINK,
    count: plan.count,
  });
  return {
    ...plans,
    SINGLE_PUT_BYTES: plans.SINGLE_PUT_BYTES / SHRINK,
    SINGLE_GET_BYTES: plans.SINGLE_GET_BYTES / SHRINK,
    SINGLE_COPY_BYTES: SINGLE_COPY_UNITS * unit,
    planCopies: (size) => small(plans.planParts(size * SHRINK, 5 * 1024 ** 2)),
    checkPartSize: (partSize) => plans.checkPartSize(partSize * SHRINK),
    planParts: (size, partSize) => small(plans.planParts(size * SHRINK, large(partSize))),
    planRanges: (size) => small(plans.planRanges(size * SHRINK)),
    planReadAhead: (size) => small(plans.planReadAhead(size * SHRINK)),
    streamPartSize: (number, first) => plans.streamPartSize(number, large(first)) / SHRINK,
  };
}
