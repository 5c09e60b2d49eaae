import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hideMachineCredentials } from '../support/machine-credentials.ts';
import { runCli, type CliResult } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { unmetNeed } from '../support/unmet-need.ts';
import { ROWS } from './rows.ts';
import { KEY, type Row, openWorld } from './world.ts';

const freshFolder = temporaryFolders('errors');

hideMachineCredentials();

interface Ran extends CliResult {
  /** stderr with what changes from run to run named. */
  readonly messages: string;
  readonly requests: number;
}

async function runRow(row: Row, argv: readonly string[], signal?: AbortSignal): Promise<Ran> {
  const world = await openWorld(row, freshFolder());
  try {
    const result = await runCli(argv, {
      cwd: world.cwd,
      env: world.env,
      terminal: row.terminal ?? false,
      ...(row.stdin === undefined ? {} : { stdin: row.stdin }),
      ...(signal === undefined ? {} : { signal }),
    });
    const messages = result.stderr
      .replaceAll(world.cwd, '{cwd}')
      .replaceAll(world.sandbox.endpoint, '{endpoint}')
      .replace(/\(request [0-9A-F]{16}\)/g, '(request {id})')
      .replace(/"RequestId":"[0-9A-F]{16}"/g, '"RequestId":"{id}"')
      .replace(/\((ENOTFOUND|EAI_AGAIN)\)/g, '({dns})');
    return { ...result, messages, requests: world.requests };
  } finally {
    await world.close();
  }
}

const possible = ROWS.filter(({ needs }) => needs === undefined || unmetNeed(needs) === undefined);

describe.concurrent('for a person', () => {
  test.for(possible.map((row) => [row.when, row] as const))('%s', async ([, row]) => {
    const result = await runRow(row, row.argv);
    const hints = (row.hints ?? []).map((hint) => `hint: ${hint}`);
    const note = row.note === undefined ? [] : [`note: ${row.note}`];
    expect(result.messages.split('\n')).toEqual([
      ...(row.before ?? []),
      `ssec: ${row.message}`,
      ...hints,
      ...note,
      '',
    ]);
    expect(result.code).toBe(row.exit);
    expect(result.stdout).toBe('');
    if (row.requests !== undefined) expect(result.requests).toBe(row.requests);
  });
});

describe.concurrent('as JSON', () => {
  const rows = possible.filter((row) => row.humanOnly !== true);
  test.for(rows.map((row) => [row.when, row] as const))('%s', async ([, row]) => {
    // commands of commands have options of their own
    const at = ['bucket', 'keys'].includes(row.argv[0] ?? '') ? 2 : 1;
    const result = await runRow(row, [...row.argv.slice(0, at), '--json', ...row.argv.slice(at)]);
    const error: unknown = JSON.parse(result.messages.trimEnd().split('\n').at(-1) ?? '');
    expect(error).toMatchObject({
      type: 'error',
      Code: row.code,
      Message: row.message,
      Hints: row.hints ?? [],
      ExitCode: row.exit,
    });
    expect(result.code).toBe(row.exit);
    expect(result.stdout).toBe('');
  });
});

describe('some of many', () => {
  const row: Row = {
    when: 'some files of many',
    argv: ['put', '-r', 'dir'],
    code: 'PARTIAL',
    exit: 3,
    message: '2 of 3 files failed.',
    files: { 'dir/good': 'x' },
    prepare: ({ cwd }) => {
      for (const name of ['a', 'b']) symlinkSync('gone', join(cwd, 'dir', name));
    },
  };

  test('for a person: a line each, and at the end how many', async () => {
    const result = await runRow(row, row.argv);
    expect(result).toMatchObject({ code: row.exit, stdout: 's3://my-bucket/dir/good\n' });
    expect(result.messages.split('\n')).toEqual([
      'ssec: dir/a: "dir/a" is a link to a file that is not there.',
      'ssec: dir/b: "dir/b" is a link to a file that is not there.',
      `ssec: ${row.message}`,
      'hint: run the same command again with --skip-existing: what is there is skipped',
      '',
    ]);
  });

  test('as JSON: an object each', async () => {
    const result = await runRow(row, [...row.argv, '--json']);
    const errors = result.messages.trimEnd().split('\n');
    expect(errors.map((line): unknown => JSON.parse(line))).toMatchObject([
      { type: 'error', Code: 'FILE_NOT_FOUND', ExitCode: 5, Path: 'dir/a', Key: 'dir/a' },
      { type: 'error', Code: 'FILE_NOT_FOUND', ExitCode: 5, Path: 'dir/b', Key: 'dir/b' },
      { type: 'error', Code: row.code, ExitCode: row.exit, Message: row.message, Path: null, Key: null },
    ]);
  });
});

describe('what root may and others may not', () => {
  const unreadable = { code: 10, message: 'You may not read "locked".' };

  async function asNobody<T>(work: () => Promise<T>): Promise<T> {
    const uid = process.geteuid?.();
    if (uid !== 0) return work();
    process.seteuid?.(65_534);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
    }
  }

  test('a file that may not be read', async () => {
    const cwd = openFolder();
    writeFileSync(join(cwd, 'locked'), 'x');
    chmodSync(join(cwd, 'locked'), 0);
    const env = { SSE_CUSTOMER_KEY_BASE64: KEY, BUCKET_NAME: 'my-bucket' };
    const result = await asNobody(() => runCli(['put', 'locked'], { cwd, env }));
    expect(result).toMatchObject({ code: unreadable.code, stderr: `ssec: ${unreadable.message}\n` });
  });

  test('a key file and an env file that may not be read', async () => {
    const cwd = openFolder();
    writeFileSync(join(cwd, 'locked'), KEY);
    chmodSync(join(cwd, 'locked'), 0);
    writeFileSync(join(cwd, 'data'), 'x');
    const env = { BUCKET_NAME: 'my-bucket' };
    const key = await asNobody(() => runCli(['put', 'data', '--key-file', 'locked'], { cwd, env }));
    expect(key).toMatchObject({ code: 10, stderr: 'ssec: The key file "locked" cannot be read: EACCES.\n' });
    const file = await asNobody(() => runCli(['put', 'data', '--env', 'locked'], { cwd, env }));
    expect(file).toMatchObject({
      code: 10,
      stderr: 'ssec: The env file "locked" cannot be read (EACCES).\n',
    });
  });

  test('a folder that may not be written', async () => {
    const cwd = openFolder();
    mkdirSync(join(cwd, 'locked'), { mode: 0o555 });
    const result = await asNobody(() => runCli(['keygen', '-o', 'locked/my.key'], { cwd, env: {} }));
    expect(result.code).toBe(10);
    expect(result.stderr).toBe(`ssec: You may not write "locked/my.key" (EACCES).\n`);
  });

  /** A folder that everybody may enter. */
  function openFolder(): string {
    const cwd = freshFolder();
    chmodSync(join(cwd, '..'), 0o755);
    chmodSync(cwd, 0o755);
    return cwd;
  }
});

describe('what is said and is no error', () => {
  const row = (part: Partial<Row>): Row => ({
    when: '',
    argv: ['put', 'data'],
    code: 'INTERNAL',
    exit: 0,
    message: '',
    ...part,
  });

  test('a key file that others can read', async () => {
    const loose = row({
      files: { 'my.key': KEY },
      prepare: (world) => chmodSync(join(world.cwd, 'my.key'), 0o644),
    });
    const argv = ['put', 'data', '--key-file', 'my.key'];
    const human = await runRow(loose, argv);
    expect(human.messages).toBe(
      'ssec: warning: the key file "my.key" can be read by others\nhint: chmod 600 my.key\n',
    );
    expect(human.stdout).toBe('s3://my-bucket/data\n');
    const json = await runRow(loose, [...argv, '--json']);
    expect(JSON.parse(json.messages)).toEqual({
      type: 'warning',
      Message: 'the key file "my.key" can be read by others',
      Hints: ['chmod 600 my.key'],
    });
    expect((await runRow(loose, [...argv, '--quiet'])).messages).toBe('');
  });

  test('a CA that a found .env names', async () => {
    const found = row({ files: { '.env': 'AWS_CA_BUNDLE=/evil.pem\n' } });
    const result = await runRow(found, found.argv);
    expect(result.messages).toBe(
      'ssec: AWS_CA_BUNDLE in .env is ignored: that file was found, not named (--env .env)\n',
    );
    expect(result.code).toBe(0);
  });

  test('an object that is not encrypted with a customer key, asked for without one', async () => {
    const plain = row({
      argv: ['get', 'there', '-o', 'copy'],
      env: { SSE_CUSTOMER_KEY_BASE64: '' },
      prepare: (world) => world.putPlain('there'),
    });
    const result = await runRow(plain, plain.argv);
    expect(result.messages).toBe('ssec: s3://my-bucket/there is not encrypted with a customer key\n');
    expect(result.code).toBe(0);
  });

  test('a key on the screen', async () => {
    const result = await runRow(row({ terminal: true }), ['keygen']);
    expect(result.messages).toBe(
      'ssec: warning: the key is on your screen now; ssec keygen --env or -o FILE keep it off\n',
    );
  });

  test('a clock that is wrong is put right by the answer', async () => {
    const result = await runRow(row({ sandbox: { clockSkewMs: 3_600_000 } }), ['put', 'data', '--verbose']);
    expect(result.messages.match(/^ssec: PUT /gm)).toHaveLength(2);
    expect(result.code).toBe(0);
  });
});

test('a sandbox that is not installed', async () => {
  const missing = {
    cwd: freshFolder(),
    env: {},
    loadSandbox: () => Promise.reject(new Error('not found')),
  };
  const json = await runCli(['sandbox', '--json'], missing);
  expect(JSON.parse(json.stderr)).toMatchObject({ type: 'error', Code: 'NOT_SUPPORTED', ExitCode: 2 });
  const result = await runCli(['sandbox', '--', 'npm', 'test'], missing);
  expect(result).toMatchObject({
    code: 2,
    stderr:
      'ssec: The sandbox is a package of its own, and it is not installed here.\nhint: npx ssec-sandbox -- npm test\n',
  });
});

test('an interruption wins over what failed because of it', async () => {
  const controller = new AbortController();
  const { interruption } = await import('../../src/cli/io.ts');
  onTestFinished(() => controller.abort());
  const row: Row = { when: '', argv: ['put', 'data'], code: 'CANCELLED', exit: 143, message: 'Interrupted.' };
  const interrupted = {
    ...row,
    sandbox: { faults: [{ operation: 'PutObject', status: 503, code: 'SlowDown', times: 9 }] },
    prepare: (world: { onRequest: (operation: string) => void }) => {
      world.onRequest = () => controller.abort(interruption('SIGTERM'));
    },
  };
  const result = await runRow(interrupted, row.argv, controller.signal);
  expect(result.code).toBe(143);
  expect(result.messages).toMatch(/^ssec: Interrupted\.\n/);
});
