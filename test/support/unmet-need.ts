import { statSync } from 'node:fs';

/**
 * What a test wants of the system, and whether it is there: a platform, as Node.js calls it, or a path; one in `/dev`
 * must be a device, since root would make a file of that name.
 *
 * @returns why the test is to be left out; undefined = it is not
 */
export function unmetNeed(need: string): string | undefined {
  if (!need.startsWith('/')) return need === process.platform ? undefined : `wants ${need}`;
  const status = statSync(need, { throwIfNoEntry: false });
  const isThere = need.startsWith('/dev/') ? status?.isCharacterDevice() === true : status !== undefined;
  return isThere ? undefined : `wants ${need}`;
}
