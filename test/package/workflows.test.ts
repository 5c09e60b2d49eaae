import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly uses?: string;
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
  readonly 'timeout-minutes'?: number;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: unknown;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = readdirSync(join(root, '.github'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.ya?ml$/.test(name))
  .map((name) => `.github/${name.replaceAll('\\', '/')}`);

test.each(files)('%s is YAML, without a key twice or a warning', (file) => {
  const { errors, warnings } = parseDocument(read(file), { strict: true, uniqueKeys: true });
  expect([...errors, ...warnings]).toEqual([]);
});

/** Who may write what: nobody else, and nothing else. The one that publishes can do nothing but that. */
const writers: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'ci.yml': {},
  'release.yml': {
    publish: { 'id-token': 'write' },
    announce: { contents: 'write' },
  },
};

describe.each(files.filter((file) => file.includes('/workflows/')))('%s', (file) => {
  const text = read(file);
  const { on, permissions, jobs } = parseDocument(text).toJS() as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const scripts = steps.flatMap(({ run }) => run ?? []);

  test('names every action by its commit, and the version beside it', () => {
    const uses = [...Object.values(jobs), ...steps].flatMap((one) => one.uses ?? []);
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) {
      expect(action).toMatch(/^(?:\.\/\S+|[\w.-]+(?:\/[\w.-]+)+@[0-9a-f]{40})$/);
      // YAML drops comments, and dependabot reads them
      if (!action.startsWith('./'))
        expect(text).toMatch(new RegExp(`uses: ${action} # v\\d+\\.\\d+\\.\\d+$`, 'm'));
    }
  });

  test('may read and no more, where it does not say otherwise', () => {
    expect(permissions).toEqual({ contents: 'read' });
    const others = Object.entries(jobs).filter(([, job]) =>
      Object.values(job.permissions ?? {}).includes('write'),
    );
    expect(Object.fromEntries(others.map(([name, job]) => [name, job.permissions]))).toEqual(
      writers[file.replace(/^.*\//, '')],
    );
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with).toMatchObject({ 'persist-credentials': false });
  });

  test('puts nothing that others write into a script', () => {
    for (const script of scripts) expect(script).not.toContain('${{');
    expect(text).not.toMatch(/github\W+(?:event|head_ref)\b/);
    expect(JSON.stringify(on)).not.toContain('pull_request_target');
  });

  test('runs on every Node.js that is supported', () => {
    const matrices = Object.values(jobs).flatMap((job) => job.strategy?.matrix['node'] ?? []);
    expect(matrices).toEqual(file.endsWith('/ci.yml') ? [20, 22, 24] : []);
    const supported = JSON.parse(read('package.json')) as { engines: { node: string } };
    expect(supported.engines.node).toMatch(/^>=20\./);
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/setup-node@')))
      expect([20, 22, 24, '${{ matrix.node }}']).toContain(step.with?.['node-version']);
  });

  test('runs only what there is', () => {
    for (const line of scripts.flatMap((script) => script.split('\n'))) {
      for (const [, name = '', , workspace = '.'] of line.matchAll(/npm run ([\w:-]+)( -w (\w+))?/g)) {
        const { scripts: known } = JSON.parse(read(join(workspace, 'package.json'))) as { scripts: object };
        expect(Object.keys(known), line).toContain(name);
      }
      for (const [, path = ''] of line.matchAll(/(?:^|node |bash |sh )((?:\.ci|scripts|test)\/[\w./-]+)/g))
        expect(() => read(path), line).not.toThrow();
    }
  });

  test('has jobs that end, and wait only for jobs that there are', () => {
    for (const [name, job] of Object.entries(jobs)) {
      if (job.uses === undefined) expect(job['timeout-minutes'], name).toBeGreaterThan(0);
      for (const other of [job.needs ?? []].flat()) expect(Object.keys(jobs)).toContain(other);
    }
  });
});

test('a release is published after all checks, by a job that runs nobody else’s code', () => {
  const { jobs } = parseDocument(read('.github/workflows/release.yml')).toJS() as Workflow;
  expect(jobs['check']?.uses).toBe('./.github/workflows/ci.yml');
  expect(parseDocument(read('.github/workflows/ci.yml')).hasIn(['on', 'workflow_call'])).toBe(true);
  expect(['build', 'publish', 'announce'].map((name) => jobs[name]?.needs)).toEqual([
    'check',
    'build',
    ['build', 'publish'],
  ]);
  const publish = JSON.stringify(jobs['publish']?.steps);
  expect(publish).toContain('--provenance');
  expect(publish).not.toMatch(/npm (ci|install|i|run|exec|pack)\b|npx|checkout/);
});

test('a release goes from job to job as an artifact, and its digests another way', () => {
  const { jobs } = parseDocument(read('.github/workflows/release.yml')).toJS() as Workflow;
  const artifacts = Object.entries(jobs).flatMap(([name, { steps = [] }]) =>
    steps
      .filter(({ uses }) => /^actions\/(?:up|down)load-artifact@/.test(uses ?? ''))
      .map(({ uses = '', with: inputs }) => [name, uses.replace(/@.*/, ''), inputs]),
  );
  const release = { name: 'release', path: 'release/' };
  expect(artifacts).toEqual([
    ['build', 'actions/upload-artifact', { ...release, 'if-no-files-found': 'error', overwrite: true }],
    ['publish', 'actions/download-artifact', release],
    ['announce', 'actions/download-artifact', release],
  ]);
  expect(jobs['build']?.outputs).toEqual({ sums: '${{ steps.pack.outputs.sums }}' });
  for (const name of ['publish', 'announce']) {
    const [script, ...more] = jobs[name]?.steps?.filter(({ run }) => run !== undefined) ?? [];
    expect(script?.env, name).toMatchObject({ SUMS: '${{ needs.build.outputs.sums }}' });
    expect(more, name).toEqual([]);
  }
});
