import { readFile } from 'node:fs/promises';
import type { Io } from './io.ts';

/** Of ssec itself. */
export async function readVersion(io: Io): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(io.packageFile, 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '?';
}
