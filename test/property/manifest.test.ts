import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isInShard } from '../../src/cli/batch/manifest/shard.ts';
import { readText } from '../support/read-manifest.ts';

/** Keys as S3 takes them: any Unicode, up to 1,024 bytes, with what is special somewhere more often than by chance. */
const special = fc.constantFrom(
  '\r',
  '\t',
  ' ',
  '+',
  '%',
  '%2F',
  '"',
  '""',
  ',',
  '{',
  '\\',
  '\u0000',
  '\ufeff',
  's3://',
  '\u{1f511}',
);
const key = fc
  .array(
    fc.oneof(
      special,
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((pieces) => pieces.join(''))
  .filter((text) => text !== '' && Buffer.byteLength(text) <= 1024 && !/\p{Surrogate}/u.test(text));
const objects = fc.array(fc.record({ bucket: fc.constantFrom('one', 'two'), key }), {
  minLength: 1,
  maxLength: 30,
});

type Objects = readonly { readonly bucket: string; readonly key: string }[];

const numbered = (list: Objects): object[] => list.map((object, i) => ({ ...object, number: i + 1 }));

/** As S3 Inventory writes a key: what a form would send, with the slashes as they are. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/');

const writers: Readonly<Record<string, (list: Objects) => string>> = {
  JSON: (list) => list.map(({ bucket, key: Key }) => `${JSON.stringify({ Bucket: bucket, Key })}\n`).join(''),
  CSV: (list) => list.map(({ bucket, key: name }) => `"${bucket}","${encoded(name)}","1"\n`).join(''),
};

/** Cut anywhere, in the middle of characters as well. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });

describe('every key comes out as it went in', () => {
  test('one address a line, whatever ends the lines', async () => {
    const lines = objects.map((list) =>
      // a line ends where it ends, and what is left of CR before it is its end
      list.map((object) => ({ ...object, key: object.key.replaceAll('\n', '').replace(/\r+$/, '') || 'x' })),
    );
    await fc.assert(
      fc.asyncProperty(lines, fc.constantFrom('\n', '\r\n', '\n\n'), sizes, async (list, eol, at) => {
        const text = list.map((object) => `s3://${object.bucket}/${object.key}${eol}`).join('');
        expect(await readText(cut(Buffer.from(text), at))).toEqual(numbered(list));
      }),
    );
  });

  test.each(Object.entries(writers))('%s, plain and packed, cut anywhere', async (_, write) => {
    await fc.assert(
      fc.asyncProperty(objects, sizes, fc.nat({ max: 29 }), async (list, at, middle) => {
        const expected = numbered(list).map((record) => expect.objectContaining(record));
        expect(await readText(cut(Buffer.from(write(list)), at))).toEqual(expected);
        const members = [list.slice(0, middle), list.slice(middle)].map((part) => gzipSync(write(part)));
        expect(await readText(cut(Buffer.concat(members), at))).toEqual(expected);
      }),
    );
  });
});

describe('shares', () => {
  test('every record is of exactly one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 45 }), fc.integer({ min: 1, max: 300 }), (number, count) => {
        const owners = [...Array(count).keys()].filter((index) => isInShard(number, { index, count }));
        expect(owners).toHaveLength(1);
      }),
    );
  });

  test('together they give the manifest, with the same numbers', async () => {
    await fc.assert(
      fc.asyncProperty(objects, fc.integer({ min: 1, max: 12 }), async (list, count) => {
        const text = writers['JSON']?.(list) ?? '';
        const parts = await Promise.all(
          [...Array(count).keys()].map((index) => readText(text, { shard: { index, count } })),
        );
        expect(parts.flat().toSorted((a, b) => a.number - b.number)).toEqual(numbered(list));
      }),
    );
  });
});

test('gzip that was cut anywhere but between two of them fails', async () => {
  await fc.assert(
    fc.asyncProperty(objects, fc.nat(), sizes, async (list, where, at) => {
      const bytes = gzipSync(writers['JSON']?.(list) ?? '');
      const kept = 2 + (where % (bytes.length - 2));
      await expect(readText(cut(bytes.subarray(0, kept), at))).rejects.toMatchObject({
        code: 'FILE_UNREADABLE',
      });
    }),
  );
});

test('whatever the bytes are, it is records or an error that says so', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 0, maxLength: 300 }),
      fc.boolean(),
      async (bytes, isNamed) => {
        const outcome = await readText(bytes, isNamed ? { bucket: 'mine' } : {}).then(
          () => 'records',
          (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
        );
        expect(['records', 'USAGE', 'FILE_UNREADABLE']).toContain(outcome);
      },
    ),
    { numRuns: 500 },
  );
});
