import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Replaces a small file in one step. Synchronous on purpose: what a caller has just checked still holds. */
export function writeJson(path: string, value: unknown): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, JSON.stringify(value), { mode: 0o600 });
  renameSync(fresh, path);
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} cannot be read as the sandbox wrote it`, { cause });
  }
}
