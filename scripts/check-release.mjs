// Whether what stands here may be released under a tag: `node scripts/check-release.mjs v1.2.3`. What is wrong goes to
// stderr; where nothing is, what changed goes to stdout: the notes of the release.
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { changelogSection } from './changelog-section.mjs';

/**
 * What is wrong, a sentence each; empty = it may.
 * @param repository OWNER/NAME of where the workflow runs, if it does
 */
export function releaseFaults(root, tag, repository) {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const manifests = ['package.json', 'sandbox/package.json'].map((file) => [file, JSON.parse(read(file))]);
  const [[, main], [, sandbox]] = manifests;
  const { version } = main;
  const faults = [];
  if (tag !== `v${version}`) faults.push(`The tag is ${tag}, and package.json says ${version}.`);
  for (const [file, manifest] of manifests) {
    if (manifest.version !== version)
      faults.push(`${file} says ${manifest.version}, package.json ${version}.`);
    if (manifest.private === true) faults.push(`${file} says private.`);
    faults.push(...repositoryFaults(file, manifest.repository, repository));
  }
  // with any other version npm takes the sandbox from the registry and not from here
  for (const group of ['dependencies', 'devDependencies']) {
    const wanted = main[group]?.['ssec-sandbox'];
    if (wanted !== undefined && wanted !== sandbox.version)
      faults.push(`package.json wants ssec-sandbox ${wanted}, sandbox/package.json is ${sandbox.version}.`);
  }
  if (changelogSection(read('CHANGELOG.md'), version) === undefined)
    faults.push(`CHANGELOG.md says nothing under "## ${version}".`);
  return faults;
}

/** npm compares it, letter by letter, with where the workflow runs, and refuses the provenance of another one. */
function repositoryFaults(file, field, repository) {
  if (field === undefined) return [`${file} names no repository, and provenance needs one.`];
  const form = /^git\+https:\/\/github\.com\/[^/]+\/[^/]+\.git$/;
  if (!repository) {
    return form.test(field.url ?? '')
      ? []
      : [`repository.url of ${file} must be git+https://github.com/OWNER/NAME.git: provenance compares it.`];
  }
  const wanted = `git+https://github.com/${repository}.git`;
  // a short form is written out by npm when it publishes a folder, and we publish tarballs
  return field.url === wanted ? [] : [`repository.url of ${file} must be ${wanted}: provenance compares it.`];
}

// Node.js follows links for the one and not for the other: behind one, all would be well
if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const tag = process.argv[2] ?? '';
  const faults = releaseFaults(root, tag, process.env['GITHUB_REPOSITORY']);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  else console.log(changelogSection(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), tag.slice(1)));
}
