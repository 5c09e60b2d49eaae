// Whether what stands here may be released under a tag: `node scripts/check-release.mjs v1.2.3`.
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What is wrong, a sentence each; empty = it may. */
export function releaseFaults(root, tag) {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const manifests = ['package.json', 'sandbox/package.json'].map((file) => [file, JSON.parse(read(file))]);
  const [[, { version }]] = manifests;
  const faults = [];
  if (tag !== `v${version}`) faults.push(`The tag is ${tag}, and package.json says ${version}.`);
  for (const [file, manifest] of manifests) {
    if (manifest.version !== version)
      faults.push(`${file} says ${manifest.version}, package.json ${version}.`);
    if (manifest.private === true) faults.push(`${file} says private.`);
    // npm compares it with where the workflow runs
    if (manifest.repository === undefined)
      faults.push(`${file} names no repository, and provenance needs one.`);
  }
  const heading = `## ${version}`;
  if (
    !read('CHANGELOG.md')
      .split('\n')
      .some((line) => line === heading || line.startsWith(`${heading} `))
  )
    faults.push(`CHANGELOG.md has no section "${heading}".`);
  return faults;
}

// Node.js follows links for the one and not for the other: behind one, all would be well
if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) {
  const faults = releaseFaults(fileURLToPath(new URL('..', import.meta.url)), process.argv[2] ?? '');
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
