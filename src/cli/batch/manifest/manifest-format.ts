import { SsecError } from '../../../errors.ts';
import { AddressLines } from './address-line.ts';
import { InventoryLines } from './inventory-line.ts';
import { JsonLines } from './json-line.ts';
import type { LineReader, ReadingRules } from './record.ts';

/** Bytes of a file that are looked at before it is read. */
export const HEAD_BYTES = 1024;

/**
 * Refuses what is no list of lines.
 *
 * @param head the first bytes, unpacked
 * @throws SsecError USAGE
 */
export function refuseForeignFile(head: Buffer, name: string): void {
  const text = head.toString('latin1');
  if (text.startsWith('PAR1') || text.startsWith('ORC')) {
    const format = text.startsWith('PAR1') ? 'Parquet' : 'ORC';
    throw new SsecError('USAGE', `${name} is ${format}, which ssec does not read.`, {
      hints: [
        'let S3 Inventory write CSV',
        `or query it and write lines s3://bucket/key or JSON objects, as Athena's UNLOAD ... WITH (format = 'JSON') does`,
      ],
    });
  }
  if (/^\s*\{/.test(text) && text.includes('"sourceBucket"') && text.includes('"destinationBucket"')) {
    throw new SsecError('USAGE', `${name} is the table of contents of an S3 Inventory, and not its data.`, {
      hints: [
        `get the files that it lists, of the bucket in destinationBucket: jq -r '.files[].key' manifest.json`,
        'and name them: --manifest A.csv.gz --manifest B.csv.gz',
      ],
    });
  }
  if (text.startsWith('\xff\xfe') || text.startsWith('\xfe\xff')) {
    throw new SsecError('USAGE', `${name} is UTF-16, and a manifest is UTF-8.`, {
      hints: ['write it anew: iconv -f UTF-16 -t UTF-8; in PowerShell, Out-File -Encoding utf8'],
    });
  }
  if (/^\s*(?:\[\s*(?:\{|$)|\{\s*\n)/.test(text)) {
    throw new SsecError(
      'USAGE',
      `${name} is JSON over several lines, and a manifest has one object a line.`,
      {
        hints: ['jq -c makes it so: jq -c .[] FILE for an array, jq -c . FILE for objects'],
      },
    );
  }
}

/**
 * What the first line is, so are all. Where a bucket is named, a line may be a bare key, and a key may begin with
 * anything; so that what can be nothing else is JSON or CSV.
 */
export function lineReader(first: string, rules: ReadingRules): LineReader {
  if (/^\s*\{\s*(?:"|\}$)/.test(first)) return new JsonLines(rules);
  if (first.startsWith('"') && (rules.bucket === undefined || /^"[^"]+","/.test(first)))
    return new InventoryLines(rules);
  return new AddressLines(rules);
}
