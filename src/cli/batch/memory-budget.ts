import { RequestSlots } from '../../transfer/request-slots.ts';
import { SMALL_FILE_BYTES } from '../../transfer/small-file.ts';

/** What the larger items of a batch may hold in memory together (bytes), and the most that one of them holds. */
const MEMORY_BYTES = 64 * 1024 ** 2;
const LARGEST_BYTES = 16 * 1024 ** 2;

/** Keeps the memory of a batch flat: small items run beside each other as they like, large ones a few at a time. */
export class MemoryBudget {
  readonly #bytes = new RequestSlots(MEMORY_BYTES);

  /** @returns to be called once the item is over; undefined where it is too small to matter */
  async acquire(size: number, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (size <= SMALL_FILE_BYTES) return undefined;
    return this.#bytes.acquire(Math.min(size, LARGEST_BYTES), signal);
  }
}
