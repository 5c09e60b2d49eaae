import type { ObjectHead } from '../../object-head.ts';
import { CHECKSUM_ALGORITHMS, type StoredChecksum } from '../../transfer/checksum.ts';

/** A checksum in the members that S3's API has for it, `ChecksumCRC32` and so on; null where there is none. */
export function checksumFields(
  checksum: StoredChecksum | undefined,
): Readonly<Record<string, string | null>> {
  const members = CHECKSUM_ALGORITHMS.map((algorithm) => [
    `Checksum${algorithm}`,
    checksum?.algorithm === algorithm ? checksum.value : null,
  ]);
  return { ...Object.fromEntries(members), ChecksumType: checksum === undefined ? null : 'FULL_OBJECT' };
}

/** The checksum that S3 holds, that of the parts' checksums too, which has `-` and their number at its end. */
export function storedChecksumFields({
  checksum,
  composite,
}: Pick<ObjectHead, 'checksum' | 'composite'>): Readonly<Record<string, string | null>> {
  const members = CHECKSUM_ALGORITHMS.map((algorithm): [string, string | null] => {
    if (checksum?.algorithm === algorithm) return [`Checksum${algorithm}`, checksum.value];
    const isComposite = composite?.algorithm === algorithm;
    return [`Checksum${algorithm}`, isComposite ? `${composite.value}-${composite.parts}` : null];
  });
  const type = checksum !== undefined ? 'FULL_OBJECT' : composite === undefined ? null : 'COMPOSITE';
  return { ...Object.fromEntries(members), ChecksumType: type };
}
