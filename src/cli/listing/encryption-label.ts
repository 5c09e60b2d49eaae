import type { KnownEncryption } from './listing-entry.ts';

/** As it stands in a column: `SSE-C 2026`, `SSE-C ?`, `SSE-KMS`, `none`, `?` where it may not be read. */
export function encryptionLabel(known: KnownEncryption): string {
  if (known === undefined) return '';
  if (known === 'denied') return '?';
  const { encryption, ringKey } = known;
  if (encryption !== 'SSE-C') return encryption;
  return ringKey === undefined ? 'SSE-C ?' : `SSE-C ${keyLabel(ringKey.name)}`;
}

/** No key of a ring can be called so. @param name empty for a key that the settings give */
export function keyLabel(name: string): string {
  return name === '' ? '(given)' : name;
}

/** How wide the column of labels must be. */
export function labelWidth(keyNames: readonly string[]): number {
  const labels = ['DSSE-KMS', ...keyNames.map((name) => `SSE-C ${keyLabel(name)}`)];
  return Math.max(...labels.map(({ length }) => length));
}
