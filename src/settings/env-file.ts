import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse } from 'dotenv';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { EnvFile } from './setting-layers.ts';

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
 * @throws SsecError SETTING_INVALID, FILE_NOT_FOUND, FILE_UNREADABLE
 */
export async function loadEnvFile(search: EnvFileSearch): Promise<EnvFile | undefined> {
  if (search.flag === '') throw new SsecError('SETTING_INVALID', '--env is empty.');
  const named = search.flag ?? search.environment['SSEC_ENV_FILE'];
  if (named === '') return undefined;
  const path = named ?? '.env';
  try {
    const text = await readFile(resolve(search.cwd, path), 'utf8');
    return { path, named: named !== undefined, values: parseEnvText(text) };
  } catch (cause) {
    const code = systemErrorCode(cause);
    // a folder called .env is a Python environment, not ours
    if (named === undefined && (code === 'ENOENT' || code === 'EISDIR')) return undefined;
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
