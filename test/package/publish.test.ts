import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { temporaryFolders } from '../support/temp-folder.ts';

const freshFolder = temporaryFolders('publish');
const workflow = fileURLToPath(new URL('../../.github/workflows/release.yml', import.meta.url));

interface Step {
  readonly id?: string;
  readonly run: string;
}
const { jobs } = parseDocument(readFileSync(workflow, 'utf8')).toJS() as {
  jobs: Record<'build' | 'publish' | 'announce', { steps: Step[] }>;
};
const scripts = {
  pack: jobs.build.steps.find(({ id }) => id === 'pack')?.run ?? '',
  publish: jobs.publish.steps.find(({ id }) => id === 'publish')?.run ?? '',
  announce: jobs.announce.steps.find(({ id }) => id === 'announce')?.run ?? '',
};

/** As npm and gh are in the steps: the one has a folder for a registry, the other a file for a release. */
const programs = {
  npm: `case $1 in
pack) case $* in *sandbox*) cp "$PACKED/ssec-sandbox-1.2.3.tgz" release ;; *) cp "$PACKED/ssec-1.2.3.tgz" release ;; esac ;;
sbom) echo '{}' ;;
view) cat "$REGISTRY/$2" 2>/dev/null || { echo "npm error code E404" >&2; exit 1; } ;;
publish) [ ! -e .npmrc ] && echo "$@" >> "$REGISTRY/published" ;;
esac`,
  gh: `case $2 in
view) [ -e "$REGISTRY/release" ] ;;
*) echo "$@" >> "$REGISTRY/announced" ;;
esac`,
};

/** What the jobs after the build see: its artifact, and its output. */
interface World {
  readonly root: string;
  readonly sums: string;
}

/** As a step runs it: GitHub's `shell: bash` is this. */
function run(root: string, name: keyof typeof scripts, env: NodeJS.ProcessEnv) {
  return spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', scripts[name]], {
    cwd: join(root, 'cwd'),
    encoding: 'utf8',
    env: {
      PATH: [join(root, 'bin'), process.env['PATH']].join(delimiter),
      PACKED: join(root, 'packed'),
      REGISTRY: join(root, 'registry'),
      GITHUB_REF_NAME: 'v1.2.3',
      ...env,
    },
  });
}

function built(): World {
  const root = freshFolder();
  for (const folder of ['bin', 'packed', 'registry', 'cwd/dist', 'cwd/release'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  }
  for (const name of ['ssec', 'ssec-sandbox']) {
    const folder = join(root, name, 'package');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3' }));
    spawnSync('tar', ['-czf', join(root, 'packed', `${name}-1.2.3.tgz`), '-C', join(root, name), 'package']);
  }
  writeFileSync(join(root, 'cwd/dist/sbom.cdx.json'), '{}');
  writeFileSync(join(root, 'cwd/release/notes.md'), '- New.\n');
  const output = join(root, 'output');
  const { status, stderr } = run(root, 'pack', { GITHUB_OUTPUT: output });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const sums = /^sums<<(\S+)\n([^]*)\n\1\n$/.exec(readFileSync(output, 'utf8'))?.[2] ?? '';
  rmSync(join(root, 'cwd/dist'), { recursive: true });
  return { root, sums };
}

function published({ root, sums }: World) {
  const { status, stdout, stderr } = run(root, 'publish', { SUMS: sums });
  return { status, stdout, stderr, published: lines(join(root, 'registry/published')) };
}

function announced({ root, sums }: World) {
  const { status, stdout } = run(root, 'announce', { SUMS: sums });
  const commands = lines(join(root, 'registry/announced'));
  return { status, stdout, announced: commands.map((command) => command.split(' ').toSorted()) };
}

function lines(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

function digest(file: string, algorithm: string, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(readFileSync(file)).digest(encoding);
}

const tarballs = ['ssec-1.2.3.tgz', 'ssec-sandbox-1.2.3.tgz'];
const assets = ['ssec-1.2.3.tgz', 'ssec-sandbox-1.2.3.tgz', 'ssec-sandbox.cdx.json', 'ssec.cdx.json'];
const line = (name: string): string =>
  `publish ./release/${name} --ignore-scripts --provenance --access public`;

test('the build names all that it hands on, and to those who fetch the files, the files', () => {
  const { root, sums } = built();
  const release = join(root, 'cwd/release');
  const sum = (name: string): string => `${digest(join(release, name), 'sha256', 'hex')}  ${name}`;
  expect(sums.split('\n').toSorted()).toEqual([...assets, 'SHA256SUMS', 'notes.md'].map(sum).toSorted());
  expect(lines(join(release, 'SHA256SUMS')).toSorted()).toEqual(assets.map(sum).toSorted());
});

test('the release workflow publishes both packages', () => {
  const { stderr, ...outcome } = published(built());
  expect(outcome).toEqual({ status: 0, stdout: '', published: tarballs.map(line) });
  expect(stderr).toContain('E404');
});

test('run again after half of it, it publishes the other half', () => {
  const made = built();
  const integrity = `sha512-${digest(join(made.root, 'packed/ssec-1.2.3.tgz'), 'sha512', 'base64')}`;
  writeFileSync(join(made.root, 'registry/ssec@1.2.3'), `${integrity}\n`);
  const outcome = published(made);
  expect(outcome).toMatchObject({ status: 0, published: [line('ssec-sandbox-1.2.3.tgz')] });
  expect(outcome.stdout).toContain('ssec@1.2.3 is on npm already.');
});

test('it takes no other bytes for the same version', () => {
  const made = built();
  writeFileSync(join(made.root, 'registry/ssec@1.2.3'), 'sha512-other\n');
  const outcome = published(made);
  expect(outcome).toMatchObject({ status: 1, published: [] });
  expect(outcome.stderr).toContain('ssec@1.2.3 is on npm already, with other bytes.');
});

/** In no order: what a `*` gives is ordered as the language has it. */
const said = (...options: string[]): string[] =>
  [...options, ...[...assets, 'SHA256SUMS'].map((name) => `release/${name}`)].toSorted();

test('it makes a release of the files, with the notes', () => {
  expect(announced(built())).toMatchObject({
    status: 0,
    announced: [said('release', 'create', 'v1.2.3', '--verify-tag', '--notes-file', 'notes.md')],
  });
});

test('run again, it completes the release that there is', () => {
  const made = built();
  writeFileSync(join(made.root, 'registry/release'), '');
  expect(announced(made)).toMatchObject({
    status: 0,
    announced: [
      said('release', 'upload', 'v1.2.3', '--clobber'),
      ['--draft=false', 'edit', 'release', 'v1.2.3'],
    ],
  });
});

test.each<[string, (folder: string) => void]>([
  ['other bytes', (at) => cpSync(join(at, 'ssec-1.2.3.tgz'), join(at, 'ssec-sandbox-1.2.3.tgz'))],
  ['other notes', (at) => writeFileSync(join(at, 'notes.md'), '- Newer.\n')],
  ['a file more', (at) => cpSync(join(at, 'ssec-1.2.3.tgz'), join(at, 'more-1.2.3.tgz'))],
  ['a file less', (at) => rmSync(join(at, 'ssec-sandbox-1.2.3.tgz'))],
  ['a folder more', (at) => mkdirSync(join(at, 'ssec.tgz'))],
  ['no files', (at) => rmSync(at, { recursive: true })],
])('it publishes and announces nothing but what the build made: not %s', (_, change) => {
  const made = built();
  change(join(made.root, 'cwd/release'));
  expect(published(made)).toMatchObject({ status: 1, published: [] });
  expect(announced(made)).toMatchObject({ status: 1, announced: [] });
});

test('it publishes and announces nothing without sums', () => {
  const made = { ...built(), sums: '' };
  expect(published(made)).toMatchObject({ status: 1, published: [] });
  expect(announced(made)).toMatchObject({ status: 1, announced: [] });
});

test('npm reads no configuration that comes with the files', () => {
  const made = built();
  writeFileSync(join(made.root, 'cwd/release/.npmrc'), 'registry=https://registry.example\n');
  expect(published(made)).toMatchObject({ status: 0, published: tarballs.map(line) });
});
