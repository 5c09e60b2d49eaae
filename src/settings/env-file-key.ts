import { readFile, stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { isPlaceholder, parseKeyText } from '../keys/key-text.ts';
import { writeFileAtomically } from '../transfer/atomic-file.ts';
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
  await writeFileAtomically(path, Buffer.from(text), { mode: 0o600, replaceMode: true, name });
  return { narrowed: (mode & 0o077) !== 0 };
}

/**
 * The text of an env file with the key and its digest in it: in place of an empty or placeholder line, else at
 * the end. All other lines stay, each with its own line end.
 *
 * @throws SsecError as `writeKeyToEnvFile`
 */
export function insertKey(text: string, name: string, key: CustomerKey): string {
  const lines = text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const before = parseEnvText(text);
  for (const values of [before, ...lines.filter(isKeyLine).map(parseEnvText)]) {
    const present = values[KEY_NAME]?.trim() ?? '';
    if (present !== '' && !isPlaceholder(present)) refuse(present, name);
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  // a line inside a quoted value of several lines only looks like ours: whatever else would change is no way
  const after = [inPlace(lines, key, eol), atEnd(lines, key, eol)].find((candidate) =>
    isDeepStrictEqual(parseEnvText(candidate), {
      ...before,
      [KEY_NAME]: key.toBase64(),
      [MD5_NAME]: key.md5,
    }),
  );
  if (after === undefined) {
    throw new SsecError('SETTING_INVALID', `"${name}" has quotes that do not close; it was left alone.`, {
      hints: ['mend it, or write the key by hand: ssec keygen'],
    });
  }
  return after;
}

function inPlace(lines: readonly string[], key: CustomerKey, eol: string): string {
  if (!lines.some(isKeyLine)) return atEnd(lines, key, eol);
  const hasMd5 = lines.some(isMd5Line);
  return lines
    .flatMap((line) => {
      const end = /[\r\n]+$/.exec(line)?.[0] ?? eol;
      if (isMd5Line(line)) return [`${prefix(line)}${MD5_NAME}=${key.md5}${end}`];
      if (!isKeyLine(line)) return [line];
      const keyLine = `${prefix(line)}${KEY_NAME}=${key.toBase64()}${end}`;
      return hasMd5 ? [keyLine] : [keyLine, `${prefix(line).trimStart()}${MD5_NAME}=${key.md5}${end}`];
    })
    .join('');
}

function atEnd(lines: readonly string[], key: CustomerKey, eol: string): string {
  const kept = lines.filter((line) => !isMd5Line(line)).join('');
  const open = kept !== '' && !/[\r\n]$/.test(kept) ? eol : '';
  return `${kept}${open}${KEY_NAME}=${key.toBase64()}${eol}${MD5_NAME}=${key.md5}${eol}`;
}

function isKeyLine(line: string): boolean {
  return /^\s*(?:export\s+)?SSE_CUSTOMER_KEY_BASE64\s*[=:]/.test(line);
}

function isMd5Line(line: string): boolean {
  return /^\s*(?:export\s+)?SSE_CUSTOMER_KEY_MD5\s*[=:]/.test(line);
}

/** What stands before a variable's name: a byte order mark, blanks, `export`. */
function prefix(line: string): string {
  return /^\s*(?:export\s+)?/.exec(line)?.[0] ?? '';
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
