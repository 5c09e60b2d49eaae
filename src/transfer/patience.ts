/** A call that moves fewer bytes in a millisecond (some MiB a second / 1000) was waiting for a disk, not for memory. */
const FAST_BYTES_PER_MS = 256 * 1024;
/** What any call may take besides (ms): the machine may have been busy with something else. */
const GRACE_MS = 1;

/** A slow call counts this much, a fast one takes one away; from the limit on calls go through the thread pool. */
const SLOW_COUNTS = 8;
const SLOW_LIMIT = 32;

/**
 * Decides for one file between calls that block and calls through the thread pool. As long as the system's memory
 * answers, a call that blocks is cheaper: no thread is woken, and the bytes stay in the cache of the processor that
 * hashes or encrypts them. A disk or a network behind the file must not stop everything else: after a few slow calls
 * the thread pool does the rest.
 */
export class Patience {
  #slow = 0;

  /** Whether calls may block. */
  get isFast(): boolean {
    return this.#slow < SLOW_LIMIT;
  }

  /** Runs a call that blocks, and looks at the time it took. */
  run(bytes: number, call: () => number): number {
    const startedAt = performance.now();
    const moved = call();
    const isSlow = performance.now() - startedAt > GRACE_MS + bytes / FAST_BYTES_PER_MS;
    this.#slow = isSlow ? this.#slow + SLOW_COUNTS : Math.max(0, this.#slow - 1);
    return moved;
  }
}
