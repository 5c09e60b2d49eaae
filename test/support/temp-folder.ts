import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A function that makes fresh folders, all removed when the test file is done. */
export function temporaryFolders(name: string): () => string {
  let root: string | undefined;
  afterAll(() => {
    if (root !== undefined) rmSync(root, { recursive: true, force: true });
  });
  return () => {
    root ??= realpathSync(mkdtempSync(join(tmpdir(), `ssec-test-${name}-`)));
    return mkdtempSync(join(root, 'work-'));
  };
}
