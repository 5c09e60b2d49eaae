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
