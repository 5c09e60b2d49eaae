import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { temporaryFolders } from '../support/temp-folder.ts';

const freshFolder = temporaryFolders('publish');
const release = fileURLToPath(new URL('../../.github/workflows/release.yml', import.meta.url));

interface Step {
  readonly id?: string;
  readonly run: string;
}
const steps = parseDocument(readFileSync(release, 'utf8')).toJS() as {
  jobs: { publish: { steps: Step[] } };
};
const script = steps.jobs.publish.steps.find(({ id }) => id === 'publish')?.run ?? '';

/** As curl and npm are in the step: the one takes from a folder, the other has a folder for a registry. */
const programs = {
  curl: 'for url; do :; done; while [ "$1" != --output ]; do shift; done; cp "$RELEASE/${url##*/}" "$2"',
  npm: `case $1 in
view) cat "$REGISTRY/$2" 2>/dev/null || { echo "npm error code E404" >&2; exit 1; } ;;
publish) echo "$@" >> "$REGISTRY/published" ;;
esac`,
};

function world(): Record<'bin' | 'release' | 'registry' | 'cwd', string> {
  const root = freshFolder();
  const made = {
    bin: join(root, 'bin'),
    release: join(root, 'release'),
    registry: join(root, 'registry'),
    cwd: join(root, 'cwd'),
  };
  for (const folder of Object.values(made)) mkdirSync(folder);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(made.bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(made.bin, name), 0o755);
  }
  for (const name of ['ssec', 'ssec-sandbox']) {
    const folder = join(root, name, 'package');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3' }));
    spawnSync('tar', ['-czf', join(made.release, `${name}-1.2.3.tgz`), '-C', join(root, name), 'package']);
  }
  return made;
}

function digest(file: string, algorithm: string, encoding: 'hex' | 'base64'): string {
  return createHash(algorithm).update(readFileSync(file)).digest(encoding);
}

function publish(
  { bin, release: folder, registry, cwd }: ReturnType<typeof world>,
  sums: string,
): { status: number | null; stdout: string; stderr: string; published: string[] } {
  const { status, stdout, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', script], {
    cwd,
    encoding: 'utf8',
    env: {
      PATH: [bin, process.env['PATH']].join(delimiter),
      RELEASE: folder,
      REGISTRY: registry,
      SUMS: sums,
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: 'example/ssec',
      GITHUB_REF_NAME: 'v1.2.3',
    },
  });
  const log = join(registry, 'published');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  return { status, stdout, stderr, published: lines };
}

const names = ['ssec-1.2.3.tgz', 'ssec-sandbox-1.2.3.tgz'];
const sumsOf = ({ release: folder }: ReturnType<typeof world>): string =>
  names.map((name) => `${digest(join(folder, name), 'sha256', 'hex')}  ${name}`).join('\n');
const line = (name: string): string => `publish ./${name} --ignore-scripts --provenance --access public`;

test('the release workflow publishes both packages', () => {
  const made = world();
  const { stderr, ...outcome } = publish(made, sumsOf(made));
  expect({ ...outcome, stdout: '' }).toEqual({ status: 0, stdout: '', published: names.map(line) });
  expect(stderr).toContain('E404');
});

test('run again after half of it, it publishes the other half', () => {
  const made = world();
  const integrity = `sha512-${digest(join(made.release, 'ssec-1.2.3.tgz'), 'sha512', 'base64')}`;
  writeFileSync(join(made.registry, 'ssec@1.2.3'), `${integrity}\n`);
  const outcome = publish(made, sumsOf(made));
  expect(outcome).toMatchObject({ status: 0, published: [line('ssec-sandbox-1.2.3.tgz')] });
  expect(outcome.stdout).toContain('ssec@1.2.3 is on npm already.');
});

test('it takes no other bytes for the same version', () => {
  const made = world();
  writeFileSync(join(made.registry, 'ssec@1.2.3'), 'sha512-other\n');
  const outcome = publish(made, sumsOf(made));
  expect(outcome).toMatchObject({ status: 1, published: [] });
  expect(outcome.stderr).toContain('ssec@1.2.3 is on npm already, with other bytes.');
});

test('it publishes nothing that the build did not make, and takes no file of another name', () => {
  const made = world();
  const sums = sumsOf(made);
  copyFileSync(join(made.release, 'ssec-1.2.3.tgz'), join(made.release, 'ssec-sandbox-1.2.3.tgz'));
  expect(publish(made, sums)).toMatchObject({ status: 1, published: [] });
  expect(publish(made, `${'0'.repeat(64)}  ../ssec.tgz`)).toMatchObject({ status: 1, published: [] });
  expect(publish(made, `${'0'.repeat(64)}  .npmrc`)).toMatchObject({ status: 1, published: [] });
});
