import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolders } from '../support/temp-folder.ts';

const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));
const freshFolder = temporaryFolders('code-cache');
const cache = process.platform === 'darwin' ? 'Library/Caches/ssec' : '.cache/ssec';

function keygen(env: Record<string, string>): string {
  return execFileSync(process.execPath, [bin, 'keygen'], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
}

describe('the code cache', () => {
  test('a first run leaves a mark, the second one the code, and a damaged one is made anew', () => {
    const home = freshFolder();
    const folder = join(home, cache);
    expect(keygen({ HOME: home })).toContain('SSE_CUSTOMER_KEY_BASE64=');
    expect(readdirSync(folder)).toEqual([`${process.version}.seen`]);
    keygen({ HOME: home });
    const code = readdirSync(folder)
      .filter((name) => name.endsWith('.code'))
      .map((name) => join(folder, name));
    expect(code.length).toBeGreaterThan(1);
    const damaged = new Map<string, Buffer>();
    for (const path of code) {
      const content = readFileSync(path);
      const middle = content.length >> 1;
      content.fill(0, middle, middle + 200);
      writeFileSync(path, content);
      damaged.set(path, content);
    }
    expect(keygen({ HOME: home })).toContain('SSE_CUSTOMER_KEY_BASE64=');
    for (const [path, content] of damaged) expect(readFileSync(path).equals(content)).toBe(false);
  });

  test('what makes a key loads nothing of the SDK', () => {
    const home = freshFolder();
    keygen({ HOME: home });
    keygen({ HOME: home });
    const loaded = readdirSync(join(home, cache)).flatMap(
      (name) =>
        /-([a-z][\w-]*\.cjs)\.code$/.exec(name.replace(`${process.version}-${process.arch}`, ''))?.[1] ?? [],
    );
    expect(loaded).toContain('cli.cjs');
    for (const script of loaded) {
      expect(readFileSync(join(bin, '../../dist', script), 'utf8'), script).not.toMatch(
        /CreateMultipartUploadCommand|node_modules\/@(aws-sdk|smithy)/,
      );
    }
  });

  test('is not used where others may write', () => {
    const home = freshFolder();
    mkdirSync(join(home, cache), { recursive: true });
    chmodSync(join(home, cache), 0o777);
    keygen({ HOME: home });
    keygen({ HOME: home });
    expect(readdirSync(join(home, cache))).toEqual([]);
  });

  test('a home that is not there is not made, and one that cannot be is no trouble', () => {
    const missing = join(freshFolder(), 'no/home');
    expect(keygen({ HOME: missing })).toContain('SSE_CUSTOMER_KEY_BASE64=');
    expect(existsSync(missing)).toBe(false);
    expect(keygen({ HOME: '/dev/null' })).toContain('SSE_CUSTOMER_KEY_BASE64=');
  });
});
