import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { releaseFaults } from '../../scripts/check-release.mjs';
import { temporaryFolders } from '../support/temp-folder.ts';

const freshFolder = temporaryFolders('release');
const workflows = fileURLToPath(new URL('../../.github/workflows/', import.meta.url));

describe.each(readdirSync(workflows))('%s', (name) => {
  const text = readFileSync(join(workflows, name), 'utf8');

  test('names every action by its commit, and the version beside it', () => {
    const uses = [...text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)].map(([, action = '']) => action);
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) expect(action).toMatch(/^(?:\.\/\S+|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
  });

  test('may read and no more, where it does not say otherwise', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
    const writes = [...text.matchAll(/^\s*([\w-]+): write(?:-all)?$/gm)].map(([, scope]) => scope);
    expect(writes).toEqual(name === 'release.yml' ? ['contents', 'id-token'] : []);
    expect(text.match(/actions\/checkout@/g)?.length).toBe(text.match(/persist-credentials: false/g)?.length);
  });

  test('puts nothing that others write into a script', () => {
    // a script may have many lines: an expression stands behind one of these words or nowhere
    for (const line of text.split('\n').filter((one) => one.includes('${{')))
      expect(line).toMatch(/^\s*(?:group|name|runs-on|node-version|GH_TOKEN): /);
    expect(text).not.toMatch(/github\W+(?:event|head_ref)\b/);
  });
});

describe('what may be released', () => {
  function project(version: string, fields: Record<string, unknown>, changelog: string): string {
    const folder = freshFolder();
    mkdirSync(join(folder, 'sandbox'));
    for (const file of ['package.json', 'sandbox/package.json'])
      writeFileSync(join(folder, file), JSON.stringify({ version, ...fields }));
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    return folder;
  }
  const repository = { repository: 'example/ssec' };

  test('a version that all say', () => {
    const folder = project('1.2.3', repository, '# Changelog\n\n## 1.2.3 - 2027-01-01\n');
    expect(releaseFaults(folder, 'v1.2.3')).toEqual([]);
  });

  test('not under another tag, without a repository, or without a word of what changed', () => {
    expect(releaseFaults(project('1.2.3', {}, '## Unreleased\n'), 'v1.2.4')).toEqual([
      'The tag is v1.2.4, and package.json says 1.2.3.',
      'package.json names no repository, and provenance needs one.',
      'sandbox/package.json names no repository, and provenance needs one.',
      'CHANGELOG.md has no section "## 1.2.3".',
    ]);
  });

  test('not with a sandbox of another version', () => {
    const folder = project('1.2.3', repository, '## 1.2.3\n');
    writeFileSync(join(folder, 'sandbox/package.json'), JSON.stringify({ version: '1.2.2', ...repository }));
    expect(releaseFaults(folder, 'v1.2.3')).toEqual(['sandbox/package.json says 1.2.2, package.json 1.2.3.']);
  });

  test('is asked behind a link too', () => {
    const link = join(freshFolder(), 'link');
    symlinkSync(fileURLToPath(new URL('../../scripts', import.meta.url)), link);
    const { status, stderr } = spawnSync(process.execPath, [join(link, 'check-release.mjs'), 'v0'], {
      encoding: 'utf8',
    });
    expect(stderr).toContain('The tag is v0, and package.json says');
    expect(status).toBe(1);
  });
});
