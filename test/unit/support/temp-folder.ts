import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new folder for the test that runs; it goes when the test ends. */
export function tempFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ssec-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
