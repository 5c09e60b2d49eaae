import type { RingKey } from '../../keys/ring-files.ts';
import type { KnownEncryption } from './listing-entry.ts';
import { encryptionLabel } from './encryption-label.ts';

/** What lies under one key, or is encrypted in one other way. */
export interface KeySum {
  readonly label: string;
  readonly known: Exclude<KnownEncryption, undefined>;
  objects: number;
  bytes: number;
}

/** Objects and bytes by key. Those keys that were asked for count as well where nothing lies under them. */
export class KeyTally {
  readonly #sums = new Map<string, KeySum>();

  constructor(keys: readonly RingKey[]) {
    for (const ringKey of keys) this.#sum({ encryption: 'SSE-C', ringKey, kmsKeyId: undefined });
  }

  add(known: Exclude<KnownEncryption, undefined>, bytes: number): void {
    const sum = this.#sum(known);
    sum.objects += 1;
    sum.bytes += bytes;
  }

  /** The most objects first. */
  get sums(): readonly KeySum[] {
    return [...this.#sums.values()].sort((a, b) => b.objects - a.objects || b.bytes - a.bytes);
  }

  #sum(known: Exclude<KnownEncryption, undefined>): KeySum {
    const label = encryptionLabel(known);
    const there = this.#sums.get(label);
    if (there !== undefined) return there;
    // one sum for all KMS keys
    const sum = {
      label,
      known: known === 'denied' ? known : { ...known, kmsKeyId: undefined },
      objects: 0,
      bytes: 0,
    };
    this.#sums.set(label, sum);
    return sum;
  }
}
