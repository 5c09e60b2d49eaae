import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { startSandbox } from 'ssec-sandbox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Job } from 'kubernetes-models/batch/v1';
import { parse } from 'yaml';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

const folder = fileURLToPath(new URL('../../examples/scale/', import.meta.url));
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const newFolder = temporaryFolders('scale');

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: string;
}

/** What `shard.sh` needs, wherever it runs. */
const NEEDED = ['SHARDS', 'MANIFEST', 'RESULTS'];

describe('AWS Batch', () => {
  const definition: {
    readonly type: string;
    readonly platformCapabilities: readonly string[];
    readonly containerProperties: {
      readonly image: string;
      readonly executionRoleArn: string;
      readonly resourceRequirements: readonly { readonly type: string; readonly value: string }[];
      readonly secrets: readonly Variable[];
    };
    readonly retryStrategy: {
      readonly attempts: number;
      readonly evaluateOnExit: readonly {
        readonly action: string;
        readonly onExitCode?: string;
        readonly onReason?: string;
      }[];
    };
  } = JSON.parse(read('batch-job-definition.json'));
  const submission: {
    readonly arrayProperties: { readonly size: number };
    readonly containerOverrides: { readonly environment: readonly Variable[] };
  } = JSON.parse(read('batch-submit-job.json'));

  test('as many jobs as shares, within the limits of an array', () => {
    const { size } = submission.arrayProperties;
    const environment = new Map(
      submission.containerOverrides.environment.map(({ name, value }) => [name, value]),
    );
    expect(environment.get('SHARDS')).toBe(String(size));
    expect(size).toBeGreaterThanOrEqual(2);
    expect(size).toBeLessThanOrEqual(10_000);
    expect([...environment.keys()]).toEqual(expect.arrayContaining(NEEDED));
    // Batch refuses variables with its own prefix
    for (const name of environment.keys()) expect(name).not.toMatch(/^AWS_BATCH/);
  });

  test('what Fargate asks for', () => {
    const { containerProperties: properties } = definition;
    expect(definition.type).toBe('container');
    expect(definition.platformCapabilities).toEqual(['FARGATE']);
    expect(properties.executionRoleArn).toMatch(/^arn:aws:iam::/);
    expect(properties.resourceRequirements.map(({ type }) => type).toSorted()).toEqual(['MEMORY', 'VCPU']);
  });

  test('the keys come from the secret store, and are nowhere in the definitions', () => {
    expect(definition.containerProperties.secrets.map(({ name }) => name)).toEqual(['OLD_KEY', 'NEW_KEY']);
    for (const { valueFrom } of definition.containerProperties.secrets)
      expect(valueFrom).toMatch(/^arn:aws:secretsmanager:/);
    for (const file of readdirSync(folder)) expect(read(file), file).not.toMatch(/[A-Za-z0-9+/]{43}=/);
  });

  test('again after 3, 9 and signals, and not after the rest', () => {
    const { attempts, evaluateOnExit: rules } = definition.retryStrategy;
    expect(attempts).toBeLessThanOrEqual(10);
    expect(rules.length).toBeLessThanOrEqual(5);
    const actionAt = (code: number): string | undefined =>
      rules.find(({ onExitCode = '*' }) =>
        new RegExp(`^${onExitCode.replace('*', '.*')}$`).test(String(code)),
      )?.action;
    for (const code of [3, 9, 130, 137, 143]) expect(actionAt(code), String(code)).toBe('RETRY');
    for (const code of [1, 2, 4, 5, 6, 7, 8, 10]) expect(actionAt(code), String(code)).toBe('EXIT');
  });
});

describe('Kubernetes', () => {
  const job: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly spec: {
      readonly completionMode: string;
      readonly completions: number;
      readonly parallelism: number;
      readonly backoffLimitPerIndex: number;
      readonly podFailurePolicy: {
        readonly rules: readonly {
          readonly action: string;
          readonly onExitCodes?: { readonly containerName: string; readonly values: readonly number[] };
        }[];
      };
      readonly template: {
        readonly spec: {
          readonly restartPolicy: string;
          readonly containers: readonly {
            readonly name: string;
            readonly env: readonly Variable[];
            readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
          }[];
          readonly volumes: readonly {
            readonly name: string;
            readonly secret?: { readonly defaultMode: number };
          }[];
        };
      };
    };
  } = parse(read('kubernetes-job.yaml'));
  const { spec } = job;
  const [container] = spec.template.spec.containers;
  const environment = new Map(container?.env.map(({ name, value }) => [name, value]));

  test('is a Job by the schema of Kubernetes', () => {
    const validate = (value: object): void =>
      new Job(value as ConstructorParameters<typeof Job>[0]).validate();
    expect(() => validate(job)).not.toThrow();
    expect(() => validate({ ...job, spec: { ...spec, completions: 'many' } })).toThrow(/completions/);
  });

  test('as many indexes as shares', () => {
    expect([job.apiVersion, job.kind, spec.completionMode]).toEqual(['batch/v1', 'Job', 'Indexed']);
    expect(environment.get('SHARDS')).toBe(String(spec.completions));
    expect(spec.parallelism).toBeLessThanOrEqual(spec.completions);
    expect([...environment.keys()]).toEqual(expect.arrayContaining(NEEDED));
  });

  test('what a limit for each index and a policy for failures ask for', () => {
    expect(spec.template.spec.restartPolicy).toBe('Never');
    const rule = spec.podFailurePolicy.rules.find(({ action }) => action === 'FailJob');
    expect(rule?.onExitCodes?.containerName).toBe(container?.name);
    expect(rule?.onExitCodes?.values).toEqual([2, 4, 5, 6]);
  });

  test('the keys are a file each, which is where shard.sh looks', () => {
    const mounts = new Map(container?.volumeMounts.map(({ name, mountPath }) => [name, mountPath]));
    expect(mounts.get('keys')).toBe(environment.get('KEYS_FOLDER'));
    expect(environment.get('SSEC_KEYRING')).toMatch(`${mounts.get('ring')}/`);
    expect(spec.template.spec.volumes.find(({ name }) => name === 'keys')?.secret?.defaultMode).toBe(0o400);
    expect([...mounts.keys()].toSorted()).toEqual(
      spec.template.spec.volumes.map(({ name }) => name).toSorted(),
    );
  });
});

describe('shard.sh', () => {
  const KEY = 'not a key, and long enough to be found';

  /** Runs it with an `ssec` that notes how it was called. */
  function run(
    env: Readonly<Record<string, string>>,
    { getExit = 0, rekeyExit = 0, putExit = 0 } = {},
  ): {
    readonly code: number | null;
    readonly stderr: string;
    readonly calls: readonly string[];
    readonly home: string;
  } {
    const home = newFolder();
    const program = join(home, 'ssec');
    writeFileSync(
      program,
      `#!/usr/bin/env bash
printf '%s|%s\\n' "$*" "\${SSE_CUSTOMER_KEY_BASE64-unset}" | sed "s|[^ ]*/tmp[.][^/]*|WORK|g" >> '${home}/calls'
env | grep -q '${KEY}' && echo LEAKED >> '${home}/calls'
case $1 in
  get) echo s3://b/k; echo from get >&2; exit ${getExit} ;;
  rekey) cat > '${home}/manifest'; cat "$SSEC_KEYRING"/{old,new}.key > '${home}/ring'
    stat -c %a "$SSEC_KEYRING" "$SSEC_KEYRING"/*.key > '${home}/modes'
    echo '{"type":"rekey"}'; echo '{"type":"error"}' >&2; exit ${rekeyExit} ;;
  put) cat "$2" > "${home}/$(basename "$(dirname "$3")")"; exit ${putExit} ;;
esac
`,
    );
    chmodSync(program, 0o755);
    const outcome = spawnSync('bash', [join(folder, 'shard.sh')], {
      env: { PATH: `${home}:/usr/bin:/bin`, TMPDIR: home, ...env },
      encoding: 'utf8',
    });
    const calls = existsSync(join(home, 'calls'))
      ? readFileSync(join(home, 'calls'), 'utf8').trim().split('\n')
      : [];
    return { code: outcome.status, stderr: outcome.stderr, calls, home };
  }

  const given = { MANIFEST: 's3://m/list.gz', RESULTS: 's3://b/out', SHARDS: '100' };
  const inBatch = { ...given, AWS_BATCH_JOB_ARRAY_INDEX: '7', OLD_KEY: `old ${KEY}`, NEW_KEY: `new ${KEY}` };

  test('in an array job: keys out of variables, which nothing that it starts can see', () => {
    const { code, calls, home, stderr } = run(inBatch);
    expect(stderr).toBe('from get\n{"type":"error"}\n');
    expect(code).toBe(0);
    expect(calls.toSorted()).toEqual([
      'get s3://m/list.gz --quiet -o -|',
      'put WORK/done.ndjson s3://b/out/done/000007.ndjson --key-name new|unset',
      'put WORK/failed.ndjson s3://b/out/failed/000007.ndjson --key-name new|unset',
      'rekey --manifest - --shard 7/100 --from old --to new --json|unset',
    ]);
    const content = (name: string): string => readFileSync(join(home, name), 'utf8');
    expect(content('manifest')).toBe('s3://b/k\n');
    expect(content('ring')).toBe(`old ${KEY}\nnew ${KEY}\n`);
    expect(content('modes')).toBe('700\n600\n600\n');
    expect(content('done')).toBe('{"type":"rekey"}\n');
    // JSON alone, so that it is a manifest itself
    expect(content('failed')).toBe('{"type":"error"}\n');
    // nothing stays behind
    expect(readdirSync(home).filter((name) => name.startsWith('tmp.'))).toEqual([]);
  });

  test('in an indexed Job: keys out of files', () => {
    const keys = newFolder();
    mkdirSync(keys, { recursive: true });
    for (const name of ['old', 'new']) writeFileSync(join(keys, `${name}.key`), `${name} ${KEY}\n`);
    const { code, calls, home } = run({ ...given, JOB_COMPLETION_INDEX: '0', KEYS_FOLDER: keys });
    expect(code).toBe(0);
    expect(calls).toContain('rekey --manifest - --shard 0/100 --from old --to new --json|unset');
    expect(readFileSync(join(home, 'ring'), 'utf8')).toBe(`old ${KEY}\nnew ${KEY}\n`);
  });

  test.each([
    ['some objects failed', { rekeyExit: 3 }, 3],
    ['the manifest broke off', { getExit: 9 }, 9],
    ['both, and the rotation says more', { getExit: 141, rekeyExit: 2 }, 2],
    ['the results could not be stored', { putExit: 4 }, 4],
    ['neither the rotation nor the results', { rekeyExit: 3, putExit: 4 }, 3],
  ])('%s: that is its exit code, and the results were sent all the same', (_, exits, code) => {
    const outcome = run(inBatch, exits);
    expect(outcome.code).toBe(code);
    expect(outcome.calls.filter((call) => call.startsWith('put '))).toHaveLength(2);
  });

  test.each(['MANIFEST', 'RESULTS', 'SHARDS', 'AWS_BATCH_JOB_ARRAY_INDEX', 'NEW_KEY'])(
    'nothing without %s',
    (name) => {
      const { code, calls } = run(
        Object.fromEntries(Object.entries(inBatch).filter(([key]) => key !== name)),
      );
      expect(code).not.toBe(0);
      expect(calls).toEqual([]);
    },
  );
});

test('shares of a rotation, at once and by the real ssec: each object is done once', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  await sandbox.createBucket('data');
  const s3 = plainClient(accessTo(sandbox));
  onTestFinished(() => s3.destroy());
  const [oldKey, newKey] = [CustomerKey.generate(), CustomerKey.generate()];
  const names = Array.from({ length: 30 }, (_, i) => `a/object ${i}`);
  for (const name of names) {
    const object = { Bucket: 'data', Key: name, Body: name };
    await s3.send(new PutObjectCommand({ ...object, ...oldKey.requestFields() }));
  }
  await s3.send(
    new PutObjectCommand({
      Bucket: 'data',
      Key: 'manifest.gz',
      Body: gzipSync(names.map((name) => `s3://data/${name}\n`).join('')),
    }),
  );
  const home = newFolder();
  const ssec = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));
  writeFileSync(join(home, 'ssec'), `#!/bin/sh\nexec '${process.execPath}' '${ssec}' "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(join(home, 'ca.pem'), sandbox.caPem);
  const env = {
    PATH: `${home}:/usr/bin:/bin`,
    HOME: home,
    TMPDIR: home,
    AWS_ACCESS_KEY_ID: sandbox.accessKeyId,
    AWS_SECRET_ACCESS_KEY: sandbox.secretAccessKey,
    AWS_ENDPOINT_URL_S3: sandbox.endpoint,
    AWS_CA_BUNDLE: join(home, 'ca.pem'),
    AWS_REGION: sandbox.region,
    MANIFEST: 's3://data/manifest.gz',
    RESULTS: 's3://data/results',
    SHARDS: '2',
    OLD_KEY: oldKey.toBase64(),
    NEW_KEY: newKey.toBase64(),
  };
  const outcomes = await Promise.all(
    ['0', '1'].map((index) => {
      const shard = { env: { ...env, AWS_BATCH_JOB_ARRAY_INDEX: index } };
      return promisify(execFile)('bash', [join(folder, 'shard.sh')], shard);
    }),
  );
  for (const { stderr } of outcomes) for (const line of stderr.trim().split('\n')) JSON.parse(line);
  const content = async (key: string): Promise<string> => {
    const { Body: body } = await s3.send(
      new GetObjectCommand({ Bucket: 'data', Key: key, ...newKey.requestFields() }),
    );
    return (await body?.transformToString()) ?? '';
  };
  for (const name of names) expect(await content(name)).toBe(name);
  const done: string[] = [];
  for (const index of ['000000', '000001'])
    for (const line of (await content(`results/done/${index}.ndjson`)).trim().split('\n')) {
      const { Status: status, Key: key, Record: record } = JSON.parse(line) as Record<string, unknown>;
      expect([status, key]).toEqual(['rekeyed', names[Number(record) - 1]]);
      done.push(String(key));
    }
  expect(done.toSorted()).toEqual(names.toSorted());
});
