import { SsecError } from '../../../errors.ts';

/** One of `count` equal shares of a manifest. */
export interface Shard {
  /** From 0 to `count - 1`. */
  readonly index: number;
  readonly count: number;
}

/** More workers than anybody has; a number beyond it is a slip. */
const MAX_SHARDS = 1_000_000;

const USAGE_HINT = 'write it as I/N: share I of N, with I from 0 to N-1, such as --shard 0/100';

/**
 * Reads `I/N`. I begins at 0 because that is what schedulers hand out: the first job of an AWS Batch array has
 * AWS_BATCH_JOB_ARRAY_INDEX=0, the first pod of an indexed Kubernetes Job JOB_COMPLETION_INDEX=0. So the variable
 * stands in the command as it is, and nobody has to add 1, or forgets to.
 *
 * @throws SsecError USAGE
 */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,7})\/(\d{1,7})$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined)
    throw new SsecError('USAGE', `"${text}" is no share of a manifest.`, { hints: [USAGE_HINT] });
  if (count === 0 || count > MAX_SHARDS) {
    throw new SsecError('USAGE', `A manifest is cut into 1 to 1,000,000 shares, not ${count}.`, {
      hints: [USAGE_HINT],
    });
  }
  if (index >= count) {
    throw new SsecError('USAGE', `There is no share ${text}: the last one of ${count} is ${count - 1}.`, {
      hints: ['shares are counted from 0, as AWS_BATCH_JOB_ARRAY_INDEX and JOB_COMPLETION_INDEX are'],
    });
  }
  return { index, count };
}

/**
 * Whether a record is of the share. It hangs on the record's number alone, so that all workers agree without asking
 * each other. Not the number modulo N as it stands: lists have a rhythm. After one rotation in a bucket with versions
 * its inventory goes new, old, new, old, and every second share of an even N would have nothing to do.
 *
 * @param number of the record, from 1
 */
export function isInShard(number: number, { index, count }: Shard): boolean {
  return count === 1 || scattered(number) % count === index;
}

/** A number of 32 bits in which no rhythm is left (the finalizer of MurmurHash3). */
function scattered(number: number): number {
  // beyond 32 bits as well: there may be more records
  let h = (number % 0x1_0000_0000) ^ Math.floor(number / 0x1_0000_0000);
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
