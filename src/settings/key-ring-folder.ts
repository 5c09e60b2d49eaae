import { join } from 'node:path';
import type { Settings } from './settings.ts';

/**
 * Where the key ring is: `SSEC_KEYRING`, else in the folder for what a user configures.
 *
 * @returns undefined where it was set to nothing, or the system names no place
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function keyRingFolder(
  { keyring }: Pick<Settings, 'keyring'>,
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform,
): string | undefined {
  if (keyring !== undefined) return keyring.value === '' ? undefined : keyring.value;
  const set = env['XDG_CONFIG_HOME'];
  // a relative path there is to be ignored
  if (set !== undefined && set.startsWith('/')) return join(set, 'ssec', 'keys');
  const roaming = env['APPDATA'];
  if (platform === 'win32')
    return roaming === undefined || roaming === '' ? undefined : join(roaming, 'ssec', 'keys');
  const home = env['HOME'] ?? '';
  return home === '' ? undefined : join(home, '.config', 'ssec', 'keys');
}
