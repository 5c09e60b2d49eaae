import { join } from 'node:path';

/**
 * Where what a user would miss but need not back up is kept: notes on transfers that were cut off.
 *
 * @returns undefined where the system names no place
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function stateFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
  home: string,
): string | undefined {
  const set = env['XDG_STATE_HOME'];
  // a relative path there is to be ignored
  if (set !== undefined && set.startsWith('/')) return join(set, 'ssec');
  const local = env['LOCALAPPDATA'];
  if (platform === 'win32')
    return local === undefined || local === '' ? undefined : join(local, 'ssec', 'state');
  if (home === '' || home === '/') return undefined;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'ssec');
  return join(home, '.local', 'state', 'ssec');
}
