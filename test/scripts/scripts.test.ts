import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseArchive, runScript, whyNotHere } from '../support/script-runner.ts';
import { startScriptSandbox } from '../support/script-server.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const scripts = readdirSync(folder).filter((name) => name.endsWith('.txtar'));
const freshFolder = temporaryFolders('scripts');

describe.concurrent('scripts', () => {
  // only a guard: some move tens of megabytes, and a busy machine is no fault
  test.for(scripts)('%s', { timeout: 180_000 }, async (name, context) => {
    const why = whyNotHere(folder + name);
    if (why !== undefined) return context.skip(why);
    await runScript(folder + name, { folder: freshFolder(), startServer: startScriptSandbox });
  });
});

describe('the runner', () => {
  test('reads an archive', () => {
    const { script, files } = parseArchive('# why\nssec --version\n-- a/b.txt --\none\n-- c --\n');
    expect(script).toBe('# why\nssec --version\n');
    expect([...files]).toEqual([
      ['a/b.txt', 'one\n'],
      ['c', ''],
    ]);
  });

  test('has a script for every exit code that can be reached', () => {
    const covered = scripts.flatMap((name) => /^exit-(\d+)-/.exec(name)?.[1] ?? []).map(Number);
    expect(new Set(covered)).toEqual(new Set([0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130, 141, 143]));
  });
});
