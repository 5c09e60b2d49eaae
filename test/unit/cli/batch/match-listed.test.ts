import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareKeys, matchListed } from '../../../../src/cli/batch/match-listed.ts';
import type { ListedObject } from '../../../../src/list-objects.ts';

async function* listing(keys: readonly string[]): AsyncGenerator<ListedObject> {
  for (const key of keys) yield await Promise.resolve({ key, size: 1, ...nothing });
}
const nothing = { lastModified: undefined, etag: undefined, storageClass: undefined };

async function matched(entries: readonly string[], keys: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { entry, listed } of matchListed(entries, listing(keys), (key) => key)) {
    if (listed !== undefined) found.push(entry);
  }
  return found;
}

const keys = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 4 }), { maxLength: 30 });

describe('matchListed', () => {
  test('finds all that are in both', async () => {
    await fc.assert(
      fc.asyncProperty(keys, keys, async (one, other) => {
        const there = new Set(other);
        const sorted = one.toSorted(compareKeys);
        expect(await matched(sorted, other.toSorted(compareKeys))).toEqual(
          sorted.filter((key) => there.has(key)),
        );
      }),
    );
  });

  test('finds nothing that is not there, in whatever order a server lists', async () => {
    await fc.assert(
      fc.asyncProperty(keys, keys, async (one, other) => {
        const there = new Set(other);
        for (const key of await matched(one.toSorted(compareKeys), other)) expect(there.has(key)).toBe(true);
      }),
    );
  });
});

test('keys are compared by their bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      const sign = Math.sign(compareKeys(a, b));
      expect(sign).toBe(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
    }),
  );
});
