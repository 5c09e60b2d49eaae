import { spawn } from 'node:child_process';
import { open, stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { KeyRing } from '../keys/key-ring.ts';
import {
  type KeyFormat,
  MAX_KEY_FILE_BYTES,
  checkKeyMd5,
  looksLikeKey,
  parseKeyContent,
  parseKeyText,
} from '../keys/key-text.ts';
import type { KeyChoice } from './key-choice.ts';
import { shellWord } from '../shell-word.ts';
import { describeOrigin } from './setting-layers.ts';

export interface KeySourceOptions {
  readonly format: KeyFormat;
  readonly cwd: string;
  readonly stdin: Readable;
  /** For the key command; without the variables that hold keys. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly warn: (message: string, ...hints: string[]) => void;
  readonly signal?: AbortSignal;
  /** Folder of the key ring. @throws SsecError SETTING_INVALID where there is none */
  readonly keyring: () => string;
}

/** A key command may print so much (bytes) and take so long (milliseconds). */
const MAX_COMMAND_BYTES = 64 * 1024;
const COMMAND_TIMEOUT_MS = 60_000;
/** A signal of the terminal's, or of a supervisor's, arrives here so much later at most. */
const OWN_SIGNAL_MS = 200;

/**
 * Reads the key that the settings name.
 *
 * @returns undefined where they name none
 * @throws SsecError KEY_MALFORMED, KEY_NOT_FOUND, KEY_MD5_MISMATCH, KEY_COMMAND_FAILED, FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function loadCustomerKey(
  choice: KeyChoice,
  options: KeySourceOptions,
): Promise<CustomerKey | undefined> {
  switch (choice.kind) {
    case 'none':
    case 'ring':
      return undefined;
    case 'base64': {
      const key = parseKeyText(choice.text.trim(), `key in ${describeOrigin(choice.origin)}`);
      if (choice.md5 !== undefined)
        checkKeyMd5(key, choice.md5.value.trim(), describeOrigin(choice.md5.origin));
      return key;
    }
    case 'file':
      if (choice.value === '-')
        return parseKeyContent(await readStdin(options.stdin), 'key on stdin', options.format);
      return parseKeyContent(
        await readKeyFile(choice.value, options),
        `key file "${choice.value}"`,
        options.format,
      );
    case 'command':
      return parseKeyContent(
        await runKeyCommand(choice.value, options),
        'output of the key command',
        options.format,
      );
    case 'name':
      return readRingKey(choice.value, options);
  }
}

async function readRingKey(name: string, options: KeySourceOptions): Promise<CustomerKey> {
  const ring = await KeyRing.open(options.keyring());
  const { customerKey } = ring.find(name);
  for (const { keyName, error } of ring.problems)
    if (keyName === name) options.warn(error.message.replace(/\.$/, ''), ...error.hints);
  return customerKey;
}

/** At most a byte more than a key file may hold: `/dev/zero` must not be read to its end. */
async function readKeyFile(path: string, options: KeySourceOptions): Promise<Buffer> {
  const full = resolve(options.cwd, path);
  try {
    const file = await open(full, 'r');
    try {
      const status = await file.stat();
      if (status.isFile() && (status.mode & 0o077) !== 0 && platform() !== 'win32') {
        options.warn(`the key file "${path}" can be read by others`, `chmod 600 ${shellWord(path)}`);
      }
      const buffer = Buffer.alloc(MAX_KEY_FILE_BYTES + 1);
      let filled = 0;
      while (filled < buffer.length) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, null);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const code = systemErrorCode(cause);
    // as in --key-file "$SSE_CUSTOMER_KEY_BASE64": a key must not be printed, whatever it was taken for
    if (looksLikeKey(path)) {
      throw new SsecError(
        'FILE_NOT_FOUND',
        'What was given as key file is no file; it looks like the key itself.',
        {
          hints: ['name the file that holds the key, or set SSE_CUSTOMER_KEY_BASE64'],
        },
      );
    }
    if (code === 'ENOENT') {
      throw new SsecError('FILE_NOT_FOUND', `There is no key file "${path}".`, {
        hints: [
          'a key that wrote objects may lie elsewhere: --key-file FILE; a new one does not open them',
          `make a new key: ssec keygen -o ${shellWord(path)}`,
        ],
        cause,
      });
    }
    const why =
      (await stat(full).catch(() => undefined))?.isDirectory() === true
        ? 'it is a directory'
        : (code ?? 'unknown');
    throw new SsecError('FILE_UNREADABLE', `The key file "${path}" cannot be read: ${why}.`, { cause });
  }
}

async function readStdin(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk), 'latin1');
    chunks.push(bytes);
    size += bytes.length;
    if (size > MAX_KEY_FILE_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** By the system shell; its stderr goes to the terminal, so that it can ask and complain. */
function runKeyCommand(command: string, options: KeySourceOptions): Promise<Buffer> {
  return new Promise((done, failed) => {
    const fail = (message: string, cause?: unknown): void => {
      failed(new SsecError('KEY_COMMAND_FAILED', message, { hints: ['run it by itself to see why'], cause }));
    };
    const child = spawn(command, {
      shell: true,
      cwd: options.cwd,
      env: { ...options.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let ended: string | undefined;
    const end = (why: string): void => {
      ended ??= why;
      child.kill();
      // what the command itself started may hold the pipe open
      child.stdout.destroy();
    };
    const timer = setTimeout(
      () => end(`took longer than ${COMMAND_TIMEOUT_MS / 1000} s`),
      COMMAND_TIMEOUT_MS,
    );
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > MAX_COMMAND_BYTES) end('printed more than 64 KiB');
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      // what the command itself started may hold the pipe open
      child.stdout.destroy();
      if (error.name === 'AbortError') failed(error);
      else fail('The key command could not be started.', error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (ended !== undefined) fail(`The key command ${ended}.`);
      else if (signal !== null) {
        // a Ctrl-C goes to both of us, and may have reached the command first
        setTimeout(() => {
          if (options.signal?.aborted === true) failed(options.signal.reason);
          else fail(`The key command was ended by ${signal}.`);
        }, OWN_SIGNAL_MS);
      } else if (status !== 0) fail(`The key command ended with exit code ${status ?? '?'}.`);
      else done(Buffer.concat(chunks));
    });
  });
}
