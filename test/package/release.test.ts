import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { changelogSection } from '../../scripts/changelog-section.mjs';
import { releaseFaults } from '../../scripts/check-release.mjs';
import { temporaryFolders } from '../support/temp-folder.ts';

const freshFolder = temporaryFolders('release');
describe('what may be released', () => {
  function project(version: string, fields: Record<string, unknown>, changelog: string): string {
    const folder = freshFolder();
    mkdirSync(join(folder, 'sandbox'));
    for (const file of ['package.json', 'sandbox/package.json'])
      writeFileSync(join(folder, file), JSON.stringify({ version, ...fields }));
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    return folder;
  }
  const repository = { repository: { type: 'git', url: 'git+https://github.com/example/ssec.git' } };

  test('a version that all say', () => {
    const folder = project('1.2.3', repository, '# Changelog\n\n## 1.2.3 - 2027-01-01\n- New.\n');
    expect(releaseFaults(folder, 'v1.2.3')).toEqual([]);
  });

  test('not under another tag, without a repository, or without a word of what changed', () => {
    expect(releaseFaults(project('1.2.3', {}, '## Unreleased\n'), 'v1.2.4')).toEqual([
      'The tag is v1.2.4, and package.json says 1.2.3.',
      'package.json names no repository, and provenance needs one.',
      'sandbox/package.json names no repository, and provenance needs one.',
      'CHANGELOG.md says nothing under "## 1.2.3".',
    ]);
  });

  test('not with a sandbox of another version', () => {
    const folder = project('1.2.3', repository, '## 1.2.3\n- New.\n');
    writeFileSync(join(folder, 'sandbox/package.json'), JSON.stringify({ version: '1.2.2', ...repository }));
    expect(releaseFaults(folder, 'v1.2.3')).toEqual(['sandbox/package.json says 1.2.2, package.json 1.2.3.']);
  });

  test('not with another sandbox than the one that is here', () => {
    const wants = (version: string) => ({ ...repository, devDependencies: { 'ssec-sandbox': version } });
    const changelog = '## 1.2.3\n- New.\n';
    expect(releaseFaults(project('1.2.3', wants('1.2.3'), changelog), 'v1.2.3')).toEqual([]);
    expect(releaseFaults(project('1.2.3', wants('1.2.2'), changelog), 'v1.2.3')).toEqual([
      'package.json wants ssec-sandbox 1.2.2, sandbox/package.json is 1.2.3.',
    ]);
  });

  test('not from another repository than the packages name', () => {
    const at = (value: unknown) => project('1.2.3', { repository: value }, '## 1.2.3\n- New.\n');
    const wrong = (file: string) =>
      `repository.url of ${file} must be git+https://github.com/example/ssec.git: provenance compares it.`;
    const right = { type: 'git', url: 'git+https://github.com/example/ssec.git' };
    expect(releaseFaults(at(right), 'v1.2.3', 'example/ssec')).toEqual([]);
    for (const value of [{ url: 'git+https://github.com/Example/ssec.git' }, 'example/ssec', {}])
      expect(releaseFaults(at(value), 'v1.2.3', 'example/ssec')).toEqual([
        wrong('package.json'),
        wrong('sandbox/package.json'),
      ]);
  });

  test('is asked behind a link too', () => {
    const link = join(freshFolder(), 'link');
    // Windows has links of this kind for everybody
    symlinkSync(fileURLToPath(new URL('../../scripts', import.meta.url)), link, 'junction');
    const { status, stderr } = spawnSync(process.execPath, [join(link, 'check-release.mjs'), 'v0'], {
      encoding: 'utf8',
    });
    expect(stderr).toContain('The tag is v0, and package.json says');
    expect(status).toBe(1);
  });
});

test('the notes of a release are what the CHANGELOG says of it, and no more', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 1.2.3 - 2027-01-01\n\n### Added\n- New.\n\n## 1.2.30\n- Old.\n';
  expect(changelogSection(changelog, '1.2.3')).toBe('### Added\n- New.');
  expect(changelogSection(changelog, '1.2.30')).toBe('- Old.');
  expect(changelogSection(changelog, '1.2')).toBeUndefined();
  expect(changelogSection(changelog, 'Unreleased')).toBeUndefined();
});
