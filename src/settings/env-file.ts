import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'dotenv';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { EnvFile } from './setting-layers.ts';
import { SETTINGS, type SettingDefinition } from './setting-table.ts';

export interface EnvFileSearch {
  /** `--env`. */
  readonly flag: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/**
 * The env file that was named (`--env`, else `SSEC_ENV_FILE`), else the `.env` found in the current folder;
 * never one further up. An empty `SSEC_ENV_FILE` means none. It is parsed, and nothing of it gets into the
 * environment.
 *
 * @throws SsecError SETTING_INVALID, for quotes that do not close as well; FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function loadEnvFile(search: EnvFileSearch): Promise<EnvFile | undefined> {
  if (search.flag === '') throw new SsecError('SETTING_INVALID', '--env is empty.');
  const named = search.flag ?? search.environment['SSEC_ENV_FILE'];
  if (named === '') return undefined;
  const path = named ?? '.env';
  try {
    const file = resolve(search.cwd, path);
    // a pipe that happens to be called so would be waited for without end
    if (named === undefined && !(await stat(file)).isFile()) return undefined;
    const text = await readFile(file, 'utf8');
    const values = parseEnvText(text);
    checkQuotes(text, values, path);
    return { path, named: named !== undefined, values, ...unreadLines(text, values) };
  } catch (cause) {
    if (cause instanceof SsecError) throw cause;
    const code = systemErrorCode(cause);
    // a folder called .env is a Python environment, not ours
    if (named === undefined && code === 'ENOENT') return undefined;
    if (code === 'ENOENT')
      throw new SsecError('FILE_NOT_FOUND', `There is no env file "${path}".`, { cause });
    throw new SsecError('FILE_UNREADABLE', `The env file "${path}" cannot be read (${code ?? 'unknown'}).`, {
      cause,
    });
  }
}

/** What an env file sets, quotes taken off, as every dotenv reads it. */
export function parseEnvText(text: string): Record<string, string> {
  return parse(text.replace(/^\uFEFF/, ''));
}

/** A quote that does not close stays in the value, or takes along what follows, up to the next one. */
function checkQuotes(text: string, values: Readonly<Record<string, string>>, path: string): void {
  const names = Object.values<SettingDefinition>(SETTINGS).flatMap(({ variables }) => variables);
  const name = names.find((variable) => {
    const value = values[variable] ?? '';
    if (/[\r\n]\s*(?:export\s+)?\w+=/.test(value)) return true;
    const quote = new RegExp(`^\\s*(?:export\\s+)?${variable}\\s*=\\s*(["'\`])`, 'm').exec(text)?.[1];
    return quote !== undefined && value.startsWith(quote);
  });
  if (name === undefined) return;
  throw new SsecError(
    'SETTING_INVALID',
    `${name} in ${path} begins with a quote that does not close in its line.`,
    { hints: ['close the quote, or take it off: values need none'] },
  );
}

/**
 * The lines that are neither NAME=value nor a comment: dotenv drops them. Where a value has several lines nobody can
 * say which are its own, and none are given.
 */
function unreadLines(text: string, values: Readonly<Record<string, string>>): Pick<EnvFile, 'unreadLines'> {
  if (Object.values(values).some((value) => value.includes('\n'))) return {};
  const numbers = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((line, index) =>
      /^\s*(?:#.*|(?:export\s+)?[\w.-]+\s*(?:=|:\s).*)?$/.test(line) ? [] : [index + 1],
    );
  return numbers.length === 0 ? {} : { unreadLines: numbers };
}
