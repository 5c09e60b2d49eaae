import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sandbox, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseEnvText } from '../../src/settings/env-file.ts';
import { SETTINGS, type SettingDefinition } from '../../src/settings/setting-table.ts';
import { fencedBlocks } from '../support/markdown-blocks.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = temporaryFolders('readme');

describe('README.md', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await startSandbox();
    await sandbox.createBucket('my-bucket', { blockSseC: true });
    await sandbox.createBucket('other');
  });
  afterAll(() => sandbox.close());

  test('opens with the two commands that a newcomer runs', () => {
    const [first] = fencedBlocks(readme, 'sh');
    expect(first?.split('\n').map((line) => line.replace(/\s*#.*/, ''))).toEqual([
      'npm ci && npm run demo',
      'npm cit',
      '',
    ]);
  });

  test('shows commands that work as they stand', async () => {
    const cwd = folder();
    prepare(cwd);
    const [, quick = '', allow = '', everyday = '', ring = '', ...others] = fencedBlocks(readme, 'sh');
    const [rotation = '', folders = '', proof = '', large = '', oldEnv = ''] = others;
    const made = await shell(quick.split('\n').slice(0, 2).join('\n'), cwd);
    expect(made).toMatchObject({ code: 0, stdout: '.env\n' });

    const blocked = await shell('ssec put sample.jpg', cwd);
    expect(blocked).toMatchObject({ code: 4 });
    expect(await shell(allow, cwd)).toMatchObject({ code: 0, stdout: 'my-bucket\n' });

    const twenty = await shell(quick.split('\n').slice(2).join('\n'), cwd);
    expect(twenty.stdout).toMatch(/^s3:\/\/my-bucket\/sample\.jpg\ntmp\/[0-9a-f-]{36}\.jpg\n$/);

    const day = await shell(
      `set -e\n${everyday}\ncmp "$path" sample.jpg && cmp reports/report.pdf report.pdf`,
      cwd,
    );
    expect(day.stderr).toBe('');
    expect(day.code).toBe(0);
    expect(day.stdout).toContain('src/a.txt');

    const keys = await shell(`set -e\n${ring}\nssec keys`, cwd);
    expect(keys).toMatchObject({ code: 0 });
    expect(keys.stdout).toMatch(/\n2026\.bin\n2026 .* default\n$/);

    const rotated = await shell(
      `set -e\nssec put -r photos --key-name 2026 --quiet > /dev/null\n${rotation}`,
      cwd,
    );
    expect(rotated).toMatchObject({ code: 0 });
    expect(rotated.stdout).toContain('For the security team:');
    expect(rotated.stdout).toMatch(/\ns3:\/\/my-bucket\/photos\/a\.jpg\n/);
    expect(rotated.stdout).not.toMatch(/Z +\d+  photos/);
    expect(rotated.stderr).toMatch(/^ssec: of \d+ objects \d+ rekeyed$/m);

    const many = await shell(`set -e\n${folders}\ncmp photos/b.jpg copy/b.jpg`, cwd);
    expect(many).toMatchObject({ code: 0, stderr: '' });
    expect(many.stdout).toMatch(/^s3:\/\/my-bucket\/photos\/a\.jpg$/m);
    expect(many.stdout).toMatch(/^photos\/b\.jpg -> s3:\/\/my-bucket\/2026\/b\.jpg$/m);
    expect(many.stdout).not.toContain('c.tmp ->');

    const proofs = await shell(`set -e\n${proof}`, cwd);
    expect(proofs).toMatchObject({ code: 0, stderr: '' });
    expect(proofs.stdout).toMatch(
      /^s3:\/\/my-bucket\/sample\.jpg {2}CRC32 of "sample\.jpg" agrees; content not read {2}locked$/m,
    );
    expect(proofs.stdout).toMatch(/^s3:\/\/my-bucket\/photos\/a\.jpg {2}CRC32 agrees; content read$/m);

    const transfers = await shell(`set -e\n${large}\nssec get shop.sql -o -`, cwd);
    expect(transfers).toMatchObject({ code: 0, stderr: '' });
    expect(transfers.stdout).toMatch(
      /^(s3:\/\/my-bucket\/dump\.tar\n){2}s3:\/\/my-bucket\/shop\.sql\nshop\n$/,
    );

    expect(Object.keys(parseEnvText(oldEnv))).toEqual([
      'BUCKET_NAME',
      'KEY',
      'SSE_CUSTOMER_KEY_BASE64',
      'SSE_CUSTOMER_KEY_MD5',
      'PROFILE',
    ]);
  }, 120_000);

  test('has no block of commands that nothing checks', () => {
    expect(fencedBlocks(readme, 'sh')).toHaveLength(10);
  });

  test('its library example compiles and runs', async () => {
    const [example = ''] = fencedBlocks(readme, 'ts');
    const cwd = folder();
    prepare(cwd);
    const script = example
      .replace("from 'ssec'", `from ${JSON.stringify(join(root, 'dist/index.js'))}`)
      .replace(
        "region: 'eu-central-1',",
        `region: 'us-east-1', endpoint: '${sandbox.endpoint}', ca: ${JSON.stringify(sandbox.caPem)},`,
      )
      .replace("accessKeyId: '...'", `accessKeyId: '${sandbox.accessKeyId}'`)
      .replace("secretAccessKey: '...'", `secretAccessKey: '${sandbox.secretAccessKey}'`)
      .replace("'my-bucket'", "'other'");
    writeFileSync(join(cwd, 'example.mjs'), script);
    expect(await shell(`node example.mjs`, cwd)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  /** What a person would have lying around, and `ssec` on the PATH. */
  function prepare(cwd: string): void {
    copyFileSync(join(root, 'examples/sample.jpg'), join(cwd, 'sample.jpg'));
    writeFileSync(join(cwd, 'report.pdf'), '%PDF-1.7\n');
    for (const name of ['a.jpg', 'b.jpg', 'c.tmp']) {
      mkdirSync(join(cwd, 'photos'), { recursive: true });
      writeFileSync(join(cwd, 'photos', name), name);
    }
    for (const name of ['reports', 'src', 'bin']) mkdirSync(join(cwd, name));
    writeFileSync(join(cwd, 'src/a.txt'), 'a\n');
    writeFileSync(join(cwd, 'dump.tar'), Buffer.alloc(20_000_000, 'd'));
    writeFileSync(join(cwd, 'bin/pg_dump'), '#!/bin/sh\necho "$1"\n');
    chmodSync(join(cwd, 'bin/pg_dump'), 0o755);
    writeFileSync(join(cwd, 'my.key'), `${Buffer.alloc(32, 200).toString('base64')}\n`);
    chmodSync(join(cwd, 'my.key'), 0o600);
    writeFileSync(
      join(cwd, 'bin/ssec'),
      `#!/bin/sh\nexec ${process.execPath} ${join(root, 'bin/ssec.js')} "$@"\n`,
    );
    chmodSync(join(cwd, 'bin/ssec'), 0o755);
  }

  function shell(
    script: string,
    cwd: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const { BUCKET_NAME: _fromEnvFile, ...env } = sandbox.env();
    return new Promise((done, failed) => {
      const child = spawn('bash', ['-c', script], {
        cwd,
        env: { ...env, PATH: `${join(cwd, 'bin')}:${process.env['PATH'] ?? ''}`, HOME: cwd, LANG: 'C.UTF-8' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      child.on('error', failed);
      child.on('close', (code) => done({ code, stdout, stderr }));
    });
  }
});

describe('.env.example', () => {
  const text = readFileSync(join(root, '.env.example'), 'utf8');

  test('names every variable that an env file may hold', () => {
    const variables = Object.entries<SettingDefinition>(SETTINGS)
      .filter(([name]) => name !== 'keyName' && name !== 'keyring')
      .flatMap(([, definition]) => definition.variables.slice(0, 1));
    for (const variable of variables) expect(text).toMatch(new RegExp(`^#?${variable}=`, 'm'));
  });

  test('is a file of placeholders that keygen may fill', () => {
    expect(parseEnvText(text)).toMatchObject({ BUCKET_NAME: 'XXXXXXXXXX', KEY: 'sample.jpg' });
  });
});
