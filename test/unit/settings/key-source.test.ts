import { execFileSync } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { childEnvironment } from '../../../src/cli/child-environment.ts';
import type { Io } from '../../../src/cli/io.ts';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import type { KeyChoice } from '../../../src/settings/key-choice.ts';
import { type KeySourceOptions, loadCustomerKey } from '../../../src/settings/key-source.ts';
import type { Origin } from '../../../src/settings/setting-layers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { allText, expectNoPart, rejected } from '../support/thrown.ts';

const key = CustomerKey.fromBytes(Buffer.from('pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=', 'base64'));
const origin: Origin = { layer: 'flag', name: '--key-file' };

interface Read {
  readonly key: CustomerKey | undefined;
  readonly warnings: readonly string[];
}

async function read(choice: KeyChoice, options: Partial<KeySourceOptions> = {}): Promise<Read> {
  const warnings: string[] = [];
  const found = await loadCustomerKey(choice, {
    format: 'auto',
    cwd: '/',
    stdin: Readable.from([]),
    environment: { PATH: process.env['PATH'] },
    keyring: () => '/nowhere',
    warn: (message, ...hints) => warnings.push(message, ...hints),
    ...options,
  });
  return { key: found, warnings };
}

const file = (value: string): KeyChoice => ({ kind: 'file', value, origin });
const command = (value: string): KeyChoice => ({ kind: 'command', value, origin });

describe('nothing named', () => {
  test.each<KeyChoice>([{ kind: 'none', origin }, { kind: 'ring' }])('$kind is no key', async (choice) => {
    expect((await read(choice)).key).toBeUndefined();
  });

  test('a key that is not in the ring', async () => {
    expect((await rejected(read({ kind: 'name', value: 'n', origin }))).code).toBe('KEY_NOT_FOUND');
  });
});

describe('a variable', () => {
  const inEnv: Origin = { layer: 'env-file', name: 'SSE_CUSTOMER_KEY_BASE64', source: '.env' };
  const md5 = (value: string) => ({ value, origin: { ...inEnv, name: 'SSE_CUSTOMER_KEY_MD5' } });

  test('base64 with the right digest, blanks around both', async () => {
    const choice: KeyChoice = {
      kind: 'base64',
      text: ` ${key.toBase64()} `,
      md5: md5(` ${key.md5}\t`),
      origin: inEnv,
    };
    expect((await read(choice)).key?.equals(key)).toBe(true);
  });

  test('the wrong digest names its place', async () => {
    const choice: KeyChoice = {
      kind: 'base64',
      text: key.toBase64(),
      md5: md5('AAAAAAAAAAAAAAAAAAAAAA=='),
      origin: inEnv,
    };
    const error = await rejected(read(choice));
    expect(error.code).toBe('KEY_MD5_MISMATCH');
    expect(error.message).toContain('SSE_CUSTOMER_KEY_MD5 in .env');
  });

  test('32 printable characters in a variable are no key', async () => {
    const text = 'abcdefghijklmnopqrstuvwxyz012345';
    const error = await rejected(read({ kind: 'base64', text, md5: undefined, origin: inEnv }));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toContain('SSE_CUSTOMER_KEY_BASE64 in .env');
    expectNoPart(allText(error), text);
  });
});

describe('a file', () => {
  test.each<[string, string | Buffer]>([
    ['raw', key.toBytes()],
    ['base64', `${key.toBase64()}\n`],
    ['hex', `${key.toBytes().toString('hex')}\r\n`],
  ])('%s, 0600: read without a word', async (_name, content) => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'my.key'), content, { mode: 0o600 });
    const found = await read(file('my.key'), { cwd });
    expect(found.key?.equals(key)).toBe(true);
    expect(found.warnings).toEqual([]);
  });

  test.each([0o640, 0o604, 0o620])('mode %o is read with a warning', async (mode) => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'my.key'), key.toBytes());
    chmodSync(join(cwd, 'my.key'), mode);
    const found = await read(file('my.key'), { cwd });
    expect(found.key?.equals(key)).toBe(true);
    expect(found.warnings).toEqual(['the key file "my.key" can be read by others', 'chmod 600 my.key']);
  });

  test('text, on request', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'my.key'), 'abcdefghijklmnopqrstuvwxyz012345\n', { mode: 0o600 });
    const found = await read(file('my.key'), { cwd, format: 'text' });
    expect(found.key?.weak).toBe(true);
  });

  test('not there', async () => {
    const error = await rejected(read(file('no.key'), { cwd: tempFolder() }));
    expect(error.code).toBe('FILE_NOT_FOUND');
    expect(error.hints).toEqual([
      'a key that wrote objects may lie elsewhere: --key-file FILE; a new one does not open them',
      'make a new key: ssec keygen -o no.key',
    ]);
  });

  test('a directory', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, 'dir'));
    const error = await rejected(read(file('dir'), { cwd }));
    expect(error.code).toBe('FILE_UNREADABLE');
    expect(error.message).toContain('it is a directory');
  });

  test('empty', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'my.key'), '', { mode: 0o600 });
    const error = await rejected(read(file('my.key'), { cwd }));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toContain('key file "my.key" is empty');
  });

  test('/dev/zero is not read to its end', async () => {
    const error = await rejected(read(file('/dev/zero')));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toContain('too large');
  });

  test('a FIFO, in pieces', async () => {
    const cwd = tempFolder();
    const path = join(cwd, 'fifo');
    execFileSync('mkfifo', ['-m', '600', path]);
    const reading = read(file('fifo'), { cwd });
    const writer = createWriteStream(path);
    writer.write(key.toBase64().slice(0, 10));
    setTimeout(() => writer.end(key.toBase64().slice(10)), 20);
    const found = await reading;
    expect(found.key?.equals(key)).toBe(true);
    expect(found.warnings).toEqual([]);
  });
});

describe('stdin', () => {
  test.each<[string, () => Readable]>([
    ['bytes', () => Readable.from([key.toBytes()])],
    ['in pieces', () => Readable.from([key.toBytes().subarray(0, 5), key.toBytes().subarray(5)])],
    ['base64', () => Readable.from([Buffer.from(`${key.toBase64()}\n`)])],
    ['text mode', () => Readable.from([`${key.toBase64()}\n`])],
  ])('%s', async (_name, stdin) => {
    expect((await read(file('-'), { stdin: stdin() })).key?.equals(key)).toBe(true);
  });

  test('nothing', async () => {
    const error = await rejected(read(file('-')));
    expect(error.message).toContain('key on stdin is empty');
  });

  test('without an end is not read to its end', async () => {
    const stdin = new PassThrough();
    stdin.write(Buffer.alloc(8192));
    const error = await rejected(read(file('-'), { stdin }));
    expect(error.message).toContain('too large');
  });
});

describe('a command', () => {
  test('its output, by the shell, in the current folder', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'my.key'), key.toBase64());
    expect((await read(command('cat my.key | cat'), { cwd })).key?.equals(key)).toBe(true);
  });

  test.each([
    ['its exit code', 'exit 3', /ended with exit code 3/],
    ['a command that is not there', 'no-such-command-of-ours 2>/dev/null', /ended with exit code 127/],
    ['a signal', 'kill -TERM $$', /ended by SIGTERM/],
    ['too much output', 'cat /dev/zero', /printed more than 64 KiB/],
  ])('%s', async (_name, line, sentence) => {
    const error = await rejected(read(command(line)));
    expect(error.code).toBe('KEY_COMMAND_FAILED');
    expect(error.message).toMatch(sentence);
  });

  test('its output is no part of an error', async () => {
    const error = await rejected(read(command(`printf '%s' ${key.toBase64()}; exit 1`)));
    expectNoPart(error.message, key.toBase64());
    const malformed = await rejected(read(command(`printf 'x%s' ${key.toBase64()}`)));
    expect(malformed.code).toBe('KEY_MALFORMED');
    expectNoPart(allText(malformed), key.toBase64());
  });

  test('nothing printed', async () => {
    const error = await rejected(read(command('true')));
    expect(error.code).toBe('KEY_MALFORMED');
    expect(error.message).toContain('output of the key command is empty');
  });

  test('its environment is ours without the key', async () => {
    const cwd = tempFolder();
    const env = {
      PATH: process.env['PATH'],
      SSE_CUSTOMER_KEY_BASE64: key.toBase64(),
      SSE_CUSTOMER_KEY_MD5: key.md5,
      VAULT_TOKEN: 'kept',
    };
    const environment = childEnvironment({ env } as unknown as Io);
    await read(command(`env > seen; printf '%s' '${'ab'.repeat(32)}'`), { cwd, environment });
    const seen = readFileSync(join(cwd, 'seen'), 'utf8');
    expect(seen).toContain('VAULT_TOKEN=kept');
    expect(seen).not.toContain('SSE_CUSTOMER_KEY');
    expectNoPart(seen, key.toBase64());
  });

  test('an interruption ends it', async () => {
    const cwd = tempFolder();
    const controller = new AbortController();
    const reading = read(command('echo > started; exec sleep 30'), { cwd, signal: controller.signal });
    const ended = expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    while (!existsSync(join(cwd, 'started'))) await new Promise((next) => setTimeout(next, 5));
    controller.abort();
    await ended;
  });
});
