import { SsecError } from '../errors.ts';
import { looksLikeKey } from './key-text.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** Windows takes these for devices, with an extension too. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;

/** In place of a key's name: no customer key. */
export const NO_KEY = 'none';

/** Whether a file of the ring can be that of a key; one that Windows knows for a device still opens elsewhere. */
export function isKeyName(name: string): boolean {
  return NAME.test(name);
}

/**
 * What a new key may be called: it is a file name on every system, and the value of a tag.
 *
 * @throws SsecError USAGE
 */
export function checkKeyName(name: string): void {
  if (looksLikeKey(name)) {
    throw new SsecError('USAGE', 'What was given as the name of a key looks like the key itself.', {
      hints: ['an existing key comes out of a file: ssec keys add NAME --key-file FILE'],
    });
  }
  if (name === NO_KEY) {
    throw new SsecError('USAGE', `"${NO_KEY}" cannot be the name of a key: it stands for no key at all.`);
  }
  if (DEVICE.test(name)) {
    throw new SsecError('USAGE', `"${name}" cannot be the name of a key: on Windows it is a device.`);
  }
  if (isKeyName(name) && !name.endsWith('.')) return;
  throw new SsecError('USAGE', `"${name}" cannot be the name of a key.`, {
    hints: [
      'a name is up to 63 letters, digits, dots, hyphens and underscores, and begins with a letter or digit',
    ],
  });
}
