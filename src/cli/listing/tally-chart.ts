import type { KeySum } from './key-tally.ts';
import { sizeText } from './listing-line.ts';

const MAX_BAR = 30;
const MIN_BAR = 4;
const GAP = '  ';

export interface ChartLayout {
  readonly humanReadable: boolean;
  /** `objects` or `versions` */
  readonly counted: string;
  /** Of the terminal, where there is one. */
  readonly columns: number | undefined;
}

/** Objects and bytes by key, with a bar for the objects; the last line is the sum of all. */
export function tallyChart(
  sums: readonly KeySum[],
  { humanReadable, counted, columns }: ChartLayout,
): string[] {
  const total = { objects: 0, bytes: 0 };
  for (const { objects, bytes } of sums) {
    total.objects += objects;
    total.bytes += bytes;
  }
  const rows = [
    ...sums.map((sum) => ({ name: nameOf(sum), ...sum })),
    ...(sums.length > 1 ? [{ name: 'all', ...total }] : []),
  ].map(({ name, objects, bytes }) => [name, String(objects), sizeText(bytes, humanReadable)] as const);
  const table = [['', counted, humanReadable ? 'size' : 'bytes'] as const, ...rows];
  const [names, counts, sizes] = [widest(table, 0), widest(table, 1), widest(table, 2)];
  const free = (columns ?? Number.POSITIVE_INFINITY) - names - counts - sizes - 3 * GAP.length - 1;
  const room = Math.min(MAX_BAR, free);
  const most = Math.max(1, ...sums.map(({ objects }) => objects));
  return table.map(([name, count, size], row) => {
    const objects = sums[row - 1]?.objects ?? 0;
    const bar =
      room < MIN_BAR || objects === 0 ? '' : '#'.repeat(Math.max(1, Math.round((objects / most) * room)));
    return [name.padEnd(names), count.padStart(counts), size.padStart(sizes), bar].join(GAP).trimEnd();
  });
}

function nameOf({ label, known }: KeySum): string {
  return known !== 'denied' && known.ringKey?.isRetired === true ? `${label} (retired)` : label;
}

function widest(table: readonly (readonly [string, string, string])[], column: 0 | 1 | 2): number {
  return Math.max(...table.map((row) => row[column].length));
}
