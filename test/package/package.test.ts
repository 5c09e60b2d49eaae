import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Sandbox, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolders } from '../support/temp-folder.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const freshFolder = temporaryFolders('package');
const timeout = 60_000;
const isWindows = process.platform === 'win32';

/** The machine's own npm settings, without what the npm that runs this test says of this repository. */
const npmEnvironment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_/i.test(name) || /^npm_config_(registry|cache|cafile|userconfig|.*auth.*)$/i.test(name),
  ),
);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  // on Windows npm is a script for cmd.exe, which execFile does not start; the program lies beside Node.js
  const [file, ...first] = isWindows
    ? [process.execPath, join(dirname(process.execPath), 'node_modules/npm/bin/npm-cli.js')]
    : ['npm'];
  return (await run(file, [...first, ...args], { cwd, env: npmEnvironment })).stdout;
}

/** Runs what npm linked: on Windows a script for cmd.exe. Arguments are plain words. */
function runLinked(
  path: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<{ stdout: string }> {
  return isWindows ? run(`"${path}.cmd"`, args, { ...options, shell: true }) : run(path, args, options);
}

/** Without its scripts: the build stands already, and the other tests use it at this moment. */
async function pack(source: string, folder: string): Promise<Packed> {
  const text = await npm(source, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const [packed] = JSON.parse(text) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  return packed;
}

/** What a command printed that ended with an error. */
function stdoutOf(error: unknown): string {
  return String((error as { stdout?: unknown }).stdout);
}

function emptyProject(): string {
  const folder = freshFolder();
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  return folder;
}

function manifest(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
}

describe('the package ssec', () => {
  let packed: Packed;
  let project: string;
  let installed: string;
  let sandbox: Sandbox;
  let env: Record<string, string>;

  let tarballs: string;

  beforeAll(async () => {
    tarballs = freshFolder();
    packed = await pack(root, tarballs);
    project = emptyProject();
    // nothing is to be had from anywhere: it has no dependencies
    const flags = ['--offline', '--omit=dev', '--no-audit', '--no-fund'];
    await npm(project, 'install', ...flags, join(tarballs, packed.filename));
    installed = join(project, 'node_modules', 'ssec');
    sandbox = await startSandbox();
    await sandbox.createBucket('my-bucket');
    env = { PATH: process.env['PATH'] ?? '', HOME: project, ...sandbox.env('my-bucket') };
  }, timeout);

  afterAll(() => sandbox.close());

  const ssec = async (...args: string[]): Promise<string> =>
    (await runLinked(join(project, 'node_modules', '.bin', 'ssec'), args, { cwd: project, env })).stdout;

  test('depends on nothing', () => {
    const { dependencies, optionalDependencies, peerDependencies } = manifest(installed);
    expect({ dependencies, optionalDependencies, peerDependencies }).toEqual({});
    expect(readdirSync(join(project, 'node_modules')).sort()).toEqual(['.bin', '.package-lock.json', 'ssec']);
  });

  test('holds these files and no other', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => !path.startsWith('dist/'))).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'bin/ssec.js', 'package.json']),
    );
    const rest = paths.filter(
      (path) => !/^dist\/[\w.-]+\.cjs$/.test(path) && !/^dist\/types\/.*\.d\.ts$/.test(path),
    );
    expect(rest.sort()).toEqual([
      '.env.example',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/package.json',
      'bin/ssec.js',
      'dist/THIRD-PARTY-LICENSES.txt',
      'dist/build-id',
      'dist/index.js',
      'dist/sbom.cdx.json',
      'docs/compatibility.md',
      'docs/decisions.md',
      'docs/json.md',
      'docs/keys.md',
      'docs/library.md',
      'docs/limits.md',
      'docs/migrating.md',
      'docs/scale.md',
      'docs/security.md',
      'package.json',
    ]);
    // Windows knows no such permission to pack
    if (!isWindows) expect(packed.files.find(({ path }) => path === 'bin/ssec.js')?.mode).toBe(0o755);
  });

  test('every file is ours to give away: no path of the machine that built it', () => {
    const holders = packed.files
      .map(({ path }) => path)
      .filter((path) => readFileSync(join(installed, path)).includes(root.replace(/[\\/]$/, '')));
    expect(holders).toEqual([]);
  });

  test('runs: version, keygen, put, get', { timeout }, async () => {
    expect(await ssec('--version')).toBe(`${String(manifest(root)['version'])}\n`);
    writeFileSync(join(project, 'data.bin'), 'hello');
    expect(await ssec('keygen', '--env')).toBe('.env\n');
    expect(await ssec('put', 'data.bin')).toBe('s3://my-bucket/data.bin\n');
    const path = (await ssec('get', 'data.bin')).trim();
    expect(readFileSync(join(project, path), 'utf8')).toBe('hello');
  });

  test('runs on the Node.js that these tests run on', async () => {
    // .ci/run runs them on each that is supported
    const [program] = (await ssec('doctor', '--no-write', '--json').catch(stdoutOf)).split('\n');
    expect(JSON.parse(program ?? '')).toMatchObject({
      Check: 'program',
      Message: expect.stringContaining(`Node.js ${process.version} `) as string,
    });
  });

  test('installed for everybody, in a folder with blanks in its name; no home, no scripts, no cache', {
    timeout,
  }, async () => {
    const prefix = join(freshFolder(), 'Program Files');
    const tarball = join(project, '..', 'ssec.tgz');
    copyFileSync(join(tarballs, packed.filename), tarball);
    const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
    await npm(project, 'install', '--global', '--prefix', prefix, ...flags, tarball);
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'data.bin'), 'hello');
    // nobody can make a folder in a file
    const nowhere = join(cwd, 'data.bin', 'none');
    const bare = { ...env, HOME: undefined, XDG_CACHE_HOME: nowhere, LOCALAPPDATA: nowhere };
    const linked = join(prefix, isWindows ? '' : 'bin', 'ssec');
    const globally = async (...args: string[]): Promise<string> =>
      (await runLinked(linked, args, { cwd, env: bare })).stdout;
    await globally('keygen', '--env');
    expect(await globally('put', 'data.bin', 'global')).toBe('s3://my-bucket/global\n');
    const path = (await globally('get', 'global')).trim();
    expect(readFileSync(join(cwd, path), 'utf8')).toBe('hello');
  });

  test('every package that is inside has its licence and its line in the bill of materials', () => {
    const sbom = JSON.parse(readFileSync(join(installed, 'dist/sbom.cdx.json'), 'utf8')) as {
      components: { name: string; group?: string; version: string }[];
    };
    const named = sbom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    const licences = readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of [
      '@aws-sdk/client-s3',
      '@smithy/signature-v4',
      'commander',
      'dotenv',
      'mime',
      'hpagent',
    ])
      expect(named).toContain(name);
    for (const name of named) expect(licences).toContain(name);
  });

  test('every package that is inside has the whole text of its licence, its own or one of its repository', () => {
    const { components } = JSON.parse(readFileSync(join(installed, 'dist/sbom.cdx.json'), 'utf8')) as {
      components: { name: string; version: string; licenses: { license: { id: string } }[] }[];
    };
    const blocks = readFileSync(join(installed, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8').split(
      /^-{80}\n\n/m,
    );
    /** Words of what the licence grants: a mere name of it is no text. */
    const grants: Record<string, RegExp> = {
      'Apache-2.0': /Apache License\s+Version 2\.0[^]*Grant of Copyright License[^]*Limitation of Liability/,
      MIT: /Permission is hereby granted[^]*WITHOUT WARRANTY/,
      'BSD-2-Clause': /Redistribution and use[^]*THIS SOFTWARE IS PROVIDED/,
    };
    for (const { name, version, licenses } of components) {
      const id = licenses[0]?.license.id ?? '';
      const block = blocks.find((text) =>
        text.split('\n').some((line) => line.startsWith(`${name} ${version} (${id}`)),
      );
      expect(block, name).toMatch(grants[id] ?? /^no such licence is known to this test$/);
    }
  });

  test('is a library', { timeout }, async () => {
    writeFileSync(
      join(project, 'use.js'),
      `
import { BytesSource, CustomerKey, SsecClient, SsecError, getObject, openFileTarget, putObject } from 'ssec';
import { readFileSync } from 'node:fs';
const { env } = process;
const client = new SsecClient({
  region: env.AWS_REGION,
  endpoint: env.AWS_ENDPOINT_URL_S3,
  ca: readFileSync(env.AWS_CA_BUNDLE, 'utf8'),
  credentials: async () => ({ accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY }),
});
const object = { client, bucket: 'my-bucket', key: 'library', customerKey: CustomerKey.generate() };
await putObject({ ...object, source: new BytesSource(Buffer.from('by the library')) });
await getObject({ ...object, openSink: () => openFileTarget('got') });
const wrong = getObject({ ...object, customerKey: CustomerKey.generate(), openSink: () => openFileTarget('no') });
const error = await wrong.catch((thrown) => thrown);
client.close();
console.log(readFileSync('got', 'utf8'), error instanceof SsecError, error.code, String(object.customerKey));
`,
    );
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: project, env });
    expect(stdout).toBe('by the library true KEY_MISMATCH [CustomerKey]\n');
  });

  test('has types that hold by themselves', { timeout }, async () => {
    writeFileSync(
      join(project, 'use.ts'),
      `
import { CustomerKey, type PutObjectResult, SsecClient, SsecError, parseKeyContent, putObject, FileSource } from 'ssec';
export async function upload(client: SsecClient, path: string): Promise<PutObjectResult> {
  const customerKey: CustomerKey = parseKeyContent(Buffer.alloc(32, 0x80), 'key');
  return putObject({ client, bucket: 'b', key: 'k', customerKey, source: await FileSource.open(path) });
}
// @ts-expect-error a key is no string
export const wrong: CustomerKey = 'key';
export const isOurs = (error: unknown): boolean => error instanceof SsecError && error.code === 'KEY_MISSING';
`,
    );
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          skipLibCheck: false,
          exactOptionalPropertyTypes: true,
          module: 'nodenext',
          target: 'es2023',
          noEmit: true,
          typeRoots: [join(root, 'node_modules', '@types')],
          types: ['node'],
        },
        files: ['use.ts'],
      }),
    );
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const checked = await run(process.execPath, [tsc, '-p', project]).catch(
      (error: { stdout?: string }) => error,
    );
    expect(checked.stdout).toBe('');
    for (const { path } of packed.files.filter((file) => file.path.endsWith('.d.ts'))) {
      expect(readFileSync(join(installed, path), 'utf8'), path).not.toMatch(/@aws-sdk|@smithy/);
    }
  });

  test('says where the sandbox is to be had', async () => {
    const failed = await ssec('sandbox').catch((error: { code?: number; stderr?: string }) => error);
    expect(failed).toMatchObject({ code: 2 });
    expect(failed).toMatchObject({ stderr: expect.stringContaining('hint: npx ssec-sandbox') as string });
  });
});

describe('the package ssec-sandbox', () => {
  test('installs, runs by itself and under ssec', { timeout }, async (context) => {
    const tarballs = freshFolder();
    const [ssec, sandbox] = [await pack(root, tarballs), await pack(join(root, 'sandbox'), tarballs)];
    const stray = sandbox.files
      .map(({ path }) => path)
      .filter((path) => !/^dist\/[\w/-]+\.(js|d\.ts)(\.map)?$/.test(path));
    expect(stray.sort()).toEqual(['LICENSE', 'README.md', 'bin/ssec-sandbox.js', 'package.json']);

    const project = emptyProject();
    const files = [ssec, sandbox].map(({ filename }) => join(tarballs, filename));
    try {
      await npm(project, 'install', '--prefer-offline', '--omit=dev', '--no-audit', '--no-fund', ...files);
    } catch (error) {
      const text = String((error as { stderr?: unknown }).stderr);
      if (!/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/.test(text)) throw error;
      return context.skip('no npm registry can be reached, and the sandbox has dependencies');
    }
    const bin = join(project, 'node_modules', '.bin');
    const env = { PATH: [bin, process.env['PATH']].join(delimiter), HOME: project };
    // in the shell of the system, which finds what npm linked
    const job = join(project, 'job.cjs');
    writeFileSync(
      job,
      `
const { execSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
execSync('ssec keygen --env');
writeFileSync('data', 'hello\\n');
process.stdout.write(execSync('ssec put data'));
process.stdout.write(readFileSync(execSync('ssec get data').toString().trim()));
`,
    );
    for (const command of [['ssec-sandbox'], ['ssec', 'sandbox']] as const) {
      const [file, ...args] = command;
      const cwd = freshFolder();
      const { stdout } = await runLinked(join(bin, file), [...args, '--', 'node', job], { cwd, env });
      expect(stdout).toBe('s3://ssec-sandbox/data\nhello\n');
    }
    writeFileSync(
      join(project, 'use.js'),
      "import { startSandbox } from 'ssec-sandbox';\nconst s = await startSandbox();\nconsole.log(new URL(s.endpoint).protocol);\nawait s.close();\n",
    );
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: project, env });
    expect(stdout).toBe('https:\n');
  });
});
