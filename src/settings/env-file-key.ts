import { readFile, stat } from 'node:fs/promises';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { isPlaceholder, parseKeyText } from '../keys/key-text.ts';
import { openFileTarget } from '../transfer/atomic-file.ts';
import { parseEnvText } from './env-file.ts';

const KEY_NAME = 'SSE_CUSTOMER_KEY_BASE64';
const MD5_NAME = 'SSE_CUSTOMER_KEY_MD5';

/**
 * Writes a key into an env file, which is created or changed; only its owner may read it afterwards.
 *
 * @param path where it is
 * @param name what to call it in a message
 * @returns whether others could read the file before
 * @throws SsecError TARGET_EXISTS where a key stands there already, KEY_MALFORMED where something does that may
 *   have been one, FILE_UNREADABLE, FILE_UNWRITABLE
 */
export async function writeKeyToEnvFile(
  path: string,
  name: string,
  key: CustomerKey,
): Promise<{ narrowed: boolean }> {
  const before = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (systemErrorCode(cause) === 'ENOENT') return undefined;
    throw new SsecError(
      'FILE_UNREADABLE',
      `"${name}" cannot be read: ${systemErrorCode(cause) ?? 'unknown'}.`,
      { cause },
    );
  });
  const mode = before === undefined ? 0o600 : (await stat(path)).mode & 0o777;
  const text = insertKey(before ?? '', name, key);
  const sink = await openFileTarget(path, { mode: 0o600, replaceMode: true });
  try {
    await sink.write(Buffer.from(text));
  } catch (error) {
    await sink.discard();
    throw error;
  }
  await sink.commit();
  return { narrowed: (mode & 0o077) !== 0 };
}

/**
 * The text of an env file with the key and its digest in it: in place of an empty or placeholder line, else at
 * the end. All other lines, and the file's line ends, stay.
 */
export function insertKey(text: string, name: string, key: CustomerKey): string {
  const present = parseEnvText(text)[KEY_NAME]?.trim() ?? '';
  if (present !== '' && !isPlaceholder(present)) refuse(present, name);
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const keyLine = `${KEY_NAME}=${key.toBase64()}`;
  const md5Line = `${MD5_NAME}=${key.md5}`;
  const lines = text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/);
  const isKey = (line: string): boolean => /^\s*(?:export\s+)?SSE_CUSTOMER_KEY_BASE64\s*[=:]/.test(line);
  const isMd5 = (line: string): boolean => /^\s*(?:export\s+)?SSE_CUSTOMER_KEY_MD5\s*[=:]/.test(line);
  if (!lines.some(isKey)) return [...lines.filter((line) => !isMd5(line)), keyLine, md5Line, ''].join(eol);
  const withKey = lines.map((line) => (isKey(line) ? exported(line) + keyLine : line));
  const both = withKey.some(isMd5)
    ? withKey.map((line) => (isMd5(line) ? exported(line) + md5Line : line))
    : withKey.flatMap((line) => (isKey(line) ? [line, exported(line) + md5Line] : [line]));
  return [...both, ''].join(eol);
}

function exported(line: string): string {
  return /^\s*export\s/.test(line) ? 'export ' : '';
}

function refuse(present: string, name: string): never {
  try {
    parseKeyText(present, `key in ${name}`);
  } catch (cause) {
    throw new SsecError(
      'KEY_MALFORMED',
      `"${name}" holds something in ${KEY_NAME} that is not a key; it was left alone.`,
      {
        hints: [`mend it, or empty the line and run this again`],
        cause,
      },
    );
  }
  throw new SsecError(
    'TARGET_EXISTS',
    `"${name}" holds a key already, and objects may need it; it was left alone.`,
    {
      hints: ['a second key in a file of its own: ssec keygen -o FILE'],
    },
  );
}
