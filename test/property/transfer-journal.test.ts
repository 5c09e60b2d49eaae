import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TransferJournal } from '../../src/transfer/transfer-journal.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

const freshFolder = temporaryFolders('journal');

const values = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.integer(), fc.boolean());
const records = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), values, {
  maxKeys: 4,
  noNullPrototype: true,
});
const transfers = fc.record({ head: records, pieces: fc.array(records, { maxLength: 6 }) });

/** Every run has a place of its own: a journal is held by whoever has it open. */
let places = 0;
function newPlace() {
  places += 1;
  return { folder: join(freshFolder(), 'state'), target: ['get', String(places)] };
}

type Place = ReturnType<typeof newPlace>;

async function open(place: Place): Promise<TransferJournal> {
  const journal = await TransferJournal.open(place);
  if (journal === undefined) throw new Error('somebody holds it');
  return journal;
}

function fileOf(place: Place): string {
  const [name = ''] = readdirSync(place.folder);
  return join(place.folder, name);
}

/** What was written, as it must come back: `__proto__` and its like are nothing special in JSON. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the journal of a transfer', () => {
  test('a crash at any byte loses the end and nothing else, and going on behind it works', async () => {
    await fc.assert(
      fc.asyncProperty(transfers, fc.nat(), records, async ({ head, pieces }, cut, next) => {
        const place = newPlace();
        const first = await open(place);
        await first.begin(head);
        for (const piece of pieces) await first.add(piece);
        await first.keep();
        const whole = readFileSync(fileOf(place));
        const bytes = whole.subarray(0, cut % (whole.length + 1));
        writeFileSync(fileOf(place), bytes);

        const again = await open(place);
        const found = again.head === undefined ? [] : [again.head, ...again.pieces];
        const written = [head, ...pieces].map(plain);
        // a line counts once it is whole
        const complete = bytes.toString('latin1').split('\n').length - 1;
        expect(found.length).toBeGreaterThanOrEqual(complete);
        expect(found.length).toBeLessThanOrEqual(complete + 1);
        expect(found).toEqual(written.slice(0, found.length));
        if (again.head === undefined) {
          await again.keep();
          return;
        }
        await again.add(next);
        await again.keep();

        const third = await open(place);
        expect([third.head, ...third.pieces]).toEqual([...found, plain(next)]);
        await third.remove();
        expect(readdirSync(place.folder)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test('whatever stands in the file, it is opened', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 30 }),
            fc.json().map((text) => Buffer.from(text)),
          ),
          { maxLength: 6 },
        ),
        async (lines) => {
          const place = newPlace();
          await (await open(place)).keep();
          const name = createHash('sha256').update(JSON.stringify(place.target)).digest('hex').slice(0, 32);
          const path = join(place.folder, `${name}.jsonl`);
          writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
          const journal = await open(place);
          for (const record of [journal.head, ...journal.pieces]) {
            if (record === undefined) continue;
            expect(typeof record).toBe('object');
            expect(Array.isArray(record)).toBe(false);
          }
          await journal.keep();
        },
      ),
      { numRuns: 100 },
    );
  });

  test('notes that cannot be written are told once, and fail nothing', async () => {
    const place = newPlace();
    const journal = await open(place);
    const name = createHash('sha256').update(JSON.stringify(place.target)).digest('hex').slice(0, 32);
    mkdirSync(join(place.folder, `${name}.jsonl`));
    await expect(journal.begin({ kind: 'put' })).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
    await journal.add({ number: 1 });
    await journal.remove();
    const again = await open(place);
    expect(again.head).toBeUndefined();
    await again.keep();
  });

  test('has one holder at a time', async () => {
    const place = newPlace();
    const first = await open(place);
    expect(await TransferJournal.open(place)).toBeUndefined();
    await first.keep();
    const second = await TransferJournal.open(place);
    expect(second).toBeDefined();
    await second?.keep();
  });
});
