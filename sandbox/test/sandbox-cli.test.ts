import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sandboxCli, startSandbox } from '../src/index.ts';
import { send, sseC } from './support/raw-request.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssec-sandbox-cli-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Gets what was printed on stderr so far, the source of signals, and what was printed on stdout. */
  readonly during?: (printed: () => string, signals: EventEmitter, results: () => string) => Promise<void>;
}

async function run(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const signals = new EventEmitter();
  let printed = '';
  stderr.on('data', (piece) => {
    printed += String(piece);
  });
  const outcome = sandboxCli(argv, {
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    ...(options.stdin === undefined ? {} : { stdin: Readable.from([options.stdin]) }),
    stdout,
    stderr,
    signals,
  });
  let results = '';
  stdout.on('data', (piece) => {
    results += String(piece);
  });
  await options.during?.(
    () => printed,
    signals,
    () => results,
  );
  const code = await outcome;
  stdout.end();
  await finished(stdout);
  expect(signals.eventNames()).toEqual([]);
  return { code, stdout: results, stderr: printed };
}

describe('with a command', () => {
  test.each([
    ['its exit code', ['sh', '-c', 'exit 7'], 7],
    ['success', ['true'], 0],
    ['not found', ['no-such-command-anywhere'], 127],
    ['not executable', ['/etc/passwd'], 126],
    ['killed by a signal', ['sh', '-c', 'kill -KILL $$'], 137],
  ])('%s', async (_, command, code) => {
    expect((await run(['--', ...command])).code).toBe(code);
  });

  test('gets the environment, its options, its input', async () => {
    const script = 'cat; printf "%s\\n" "$@"; env; ls -ld "$AWS_CA_BUNDLE"';
    const result = await run(['--', 'sh', '-c', script, 'sh', '--help', '--', '-x'], {
      env: {
        AWS_PROFILE: 'mine',
        AWS_SESSION_TOKEN: 'mine',
        AWS_SECURITY_TOKEN: 'mine',
        SSEC_ENV_FILE: 'mine',
        AWS_ACCESS_KEY_ID: 'mine',
        NO_PROXY: 'intranet',
        OTHER: 'kept',
      },
      stdin: 'typed\n',
    });
    const lines = result.stdout.split('\n');
    expect(lines.slice(0, 4)).toEqual(['typed', '--help', '--', '-x']);
    const env = new Map(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]));
    expect(env.get('BUCKET_NAME')).toBe('ssec-sandbox');
    expect(env.get('AWS_ENDPOINT_URL_S3')).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(env.get('AWS_ENDPOINT_URL')).toBe(env.get('AWS_ENDPOINT_URL_S3'));
    expect(env.get('AWS_REGION')).toBe(env.get('AWS_DEFAULT_REGION'));
    expect(env.get('PROFILE')).toBe('');
    expect(env.get('OTHER')).toBe('kept');
    expect(env.get('NO_PROXY')).toMatch(/^intranet,127\.0\.0\.1,/);
    for (const name of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'CURL_CA_BUNDLE']) {
      expect(env.get(name)).toBe(env.get('AWS_CA_BUNDLE'));
    }
    expect(result.stdout).not.toContain('mine');
    expect(result.stdout).toContain('-rw-------');
    expect(existsSync(env.get('AWS_CA_BUNDLE') ?? '')).toBe(false);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s goes on to it, and no child is left', async (signal) => {
    const pidFile = join(folder, 'pid');
    let pid = 0;
    const result = await run(
      ['--', 'sh', '-c', `echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 60`],
      {
        during: async (_, signals) => {
          await vi.waitFor(() => expect(readdirSync(folder)).toContain('pid'), { timeout: 5000 });
          pid = Number(
            await text(Readable.from([await import('node:fs').then((fs) => fs.readFileSync(pidFile))])),
          );
          signals.emit(signal, signal);
        },
      },
    );
    expect(result.code).toBe(signal === 'SIGTERM' ? 143 : 130);
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });

  test('--fault may be given again', async () => {
    const probe = 'for n in 1 2 3; do curl -sk -o /dev/null -w "%{http_code} " "$AWS_ENDPOINT_URL/"; done';
    const faults = [
      '--fault',
      'fail ListBuckets 503 SlowDown',
      '--fault',
      'fail ListBuckets 500 InternalError x1',
    ];
    expect((await run([...faults, '--', 'sh', '-c', probe])).stdout).toBe('503 500 403 ');
  });

  test('a fault that is none', async () => {
    const result = await run(['--fault', 'fail PutObject', '--', 'true']);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('write: fail OPERATION STATUS CODE');
    expect(result.stderr).toContain('hint: ssec-sandbox --help');
  });

  test('a signal during the start is not lost', async () => {
    const result = await run(['--', 'sleep', '60'], {
      during: async (_, signals) => void signals.emit('SIGTERM', 'SIGTERM'),
    });
    expect(result.code).toBe(143);
  });
});

describe('without a command', () => {
  test('prints what a shell reads back, runs until a signal, and cleans up', async () => {
    const dir = join(folder, "it's here");
    const result = await run(['--dir', dir, '--block-sse-c'], {
      during: async (printed, signals) => {
        await vi.waitFor(() => expect(printed()).toContain('is running'), { timeout: 5000 });
        expect(readdirSync(dir)).toContain('lock');
        signals.emit('SIGINT', 'SIGINT');
      },
    });
    expect(result.code).toBe(0);
    expect(readdirSync(dir).sort()).toEqual(['buckets', 'sandbox.json']);
    const [unset, ...exports] = result.stdout.trimEnd().split('\n');
    expect(unset).toMatch(/^unset AWS_PROFILE AWS_SESSION_TOKEN .*SSEC_ENV_FILE$/);
    for (const line of exports) expect(line).toMatch(/^export [A-Za-z0-9_]+='[^']*'$/);
    expect(exports).toContain("export BUCKET_NAME='ssec-sandbox'");
  });

  test('--copies and --attributes make it a server that knows less', async () => {
    const answers: number[] = [];
    await run(['--json', '--copies', 'refuse', '--attributes', 'refuse'], {
      during: async (_, signals, results) => {
        await vi.waitFor(() => expect(results()).toContain('\n'), { timeout: 5000 });
        const { Endpoint: endpoint, Environment: variables } = JSON.parse(results());
        const reached = {
          endpoint,
          region: variables.AWS_REGION,
          accessKeyId: variables.AWS_ACCESS_KEY_ID,
          secretAccessKey: variables.AWS_SECRET_ACCESS_KEY,
          caPem: readFileSync(variables.AWS_CA_BUNDLE, 'utf8'),
        };
        const path = '/ssec-sandbox/a';
        const headers = { ...sseC(Buffer.alloc(32, 1)), 'x-amz-copy-source': 'ssec-sandbox/b' };
        answers.push((await send(reached, { method: 'PUT', path, headers })).status);
        answers.push((await send(reached, { method: 'GET', path: `${path}?attributes=` })).status);
        signals.emit('SIGTERM', 'SIGTERM');
      },
    });
    expect(answers).toEqual([501, 501]);
    expect((await run(['--copies', 'sometimes', '--', 'true'])).code).toBe(2);
  });

  test('--json prints one object, and stderr stays empty', async () => {
    const dir = join(folder, 'objects');
    const result = await run(['--dir', dir, '--json'], {
      during: async (_, signals) => {
        await vi.waitFor(() => expect(existsSync(join(dir, 'buckets', 'ssec-sandbox'))).toBe(true), {
          timeout: 5000,
        });
        signals.emit('SIGTERM', 'SIGTERM');
      },
    });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toMatchObject({
      type: 'sandbox',
      Bucket: 'ssec-sandbox',
      Dir: dir,
      Environment: { BUCKET_NAME: 'ssec-sandbox', PROFILE: '' },
    });
  });
});

describe('an error under --json is one object', () => {
  const usage = { Code: 'USAGE', ExitCode: 2 };
  const invalid = { Code: 'SETTING_INVALID', ExitCode: 2 };
  const nothingSent = {
    HTTPStatusCode: null,
    ServiceCode: null,
    ServiceMessage: null,
    RequestId: null,
    Bucket: null,
    Path: null,
    Key: null,
  };

  async function errorOf(...argv: string[]): Promise<unknown> {
    const result = await run(argv);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr.split('\n')).toHaveLength(2);
    return JSON.parse(result.stderr) as unknown;
  }

  test('wrong usage', async () => {
    expect(await errorOf('--json', '--port', 'x')).toEqual({
      type: 'error',
      ...usage,
      Message: "Option '--port <number>' argument 'x' is invalid. It must be 0 to 65535.",
      Hints: ['ssec-sandbox --help'],
      ...nothingSent,
    });
    expect(await errorOf('--jsno', '--json')).toMatchObject({
      ...usage,
      Hints: ['Did you mean --json?', 'ssec-sandbox --help'],
    });
    expect(await errorOf('stray', '--json')).toMatchObject(usage);
    expect(await errorOf('--json', '--')).toMatchObject(usage);
  });

  test('a command, whose stdout it would be', async () => {
    expect(await errorOf('--json', '--', 'true')).toMatchObject({
      ...usage,
      Hints: ['leave out --json, or the command'],
    });
    expect((await run(['--', 'echo', '--json'])).stdout).toBe('--json\n');
  });

  test('a port that is taken, a folder that is in use or is not ours', async () => {
    const dir = join(folder, 'objects');
    const sandbox = await startSandbox({ dir });
    try {
      expect(await errorOf('--json', '--port', String(sandbox.port))).toEqual({
        type: 'error',
        ...invalid,
        Message: `Port ${sandbox.port} is taken.`,
        Hints: ['choose another, or leave out --port'],
        ...nothingSent,
      });
      expect(await errorOf('--json', '--dir', dir)).toMatchObject({
        ...invalid,
        Message: expect.stringContaining('is in use by another sandbox') as unknown,
      });
      expect(await errorOf('--json', '--dir', folder)).toMatchObject(invalid);
    } finally {
      await sandbox.close();
    }
  });
});

test('--verbose shows each request', async () => {
  const script = 'curl -s --cacert "$CURL_CA_BUNDLE" "$AWS_ENDPOINT_URL_S3/$BUCKET_NAME/a%20b"';
  const result = await run([
    '--verbose',
    '--',
    'sh',
    '-c',
    `command -v curl >/dev/null || exit 0; ${script}`,
  ]);
  expect(result.code).toBe(0);
  if (result.stdout !== '') expect(result.stderr).toContain('GET /ssec-sandbox/a%20b (GetObject): 403');
});

test('--verbose --json does so in objects', async () => {
  let host = '';
  const result = await run(['--verbose', '--json'], {
    during: async (_, signals, results) => {
      await vi.waitFor(() => expect(results()).toContain('\n'), { timeout: 5000 });
      const { Endpoint, Environment } = JSON.parse(results()) as {
        Endpoint: string;
        Environment: { AWS_CA_BUNDLE: string };
      };
      host = new URL(Endpoint).host;
      const ca = readFileSync(Environment.AWS_CA_BUNDLE);
      await new Promise<void>((resolve, reject) => {
        get(`${Endpoint}/ssec-sandbox/a`, { ca }, (answer) => {
          answer.resume();
          answer.on('end', resolve);
        }).on('error', reject);
      });
      signals.emit('SIGTERM', 'SIGTERM');
    },
  });
  expect(JSON.parse(result.stderr)).toEqual({
    type: 'request',
    Method: 'GET',
    Host: host,
    Path: '/ssec-sandbox/a',
    Attempt: null,
    HTTPStatusCode: 403,
    RequestId: null,
    ElapsedMs: null,
    Failure: null,
  });
});

describe('usage', () => {
  test.each([[['--port', 'x']], [['--port', '70000']], [['--unknown']], [['stray']], [['--']]])(
    '%j: 2',
    async (argv) => {
      const result = await run(argv);
      expect([result.code, result.stdout]).toEqual([2, '']);
      expect(result.stderr).toMatch(/^ssec-sandbox: [A-Z].*\.\n(hint: .*\n)*$/);
    },
  );

  test('--help and --version: 0', async () => {
    const help = await run(['--help', '--', 'true']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toContain('--block-sse-c');
    const version = await run(['--version']);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('a folder that cannot be used: 2, and a sentence', async () => {
    writeFileSync(join(folder, 'thesis.tex'), '');
    const result = await run(['--dir', folder, '--', 'true']);
    expect(result.code).toBe(2);
    expect(result.stderr).toBe(
      `ssec-sandbox: ${folder} is not empty and holds no sandbox; choose a new or an empty folder\n`,
    );
  });
});
