import { element } from '../http/xml.ts';
import type { ObjectRecord } from '../store/object-record.ts';

/** What a list says of an object's checksum: of which kind it is. */
export function checksumElements({ checksum }: ObjectRecord): string {
  if (checksum === undefined) return '';
  return (
    element('ChecksumAlgorithm', checksum.algorithm.toUpperCase()) + element('ChecksumType', checksum.type)
  );
}
