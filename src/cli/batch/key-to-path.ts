/** Longest name of a file in bytes, on every file system in use. */
const MAX_NAME_BYTES = 255;

/** Names that Windows takes for devices, whatever extension they have. */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?$/i;

/**
 * Why an object key cannot be the path of a file under a folder; undefined where it can. A path that passes leads to
 * a place below that folder and to nothing else.
 *
 * @param relative the key without the prefix that was asked for
 */
export function whyNoPath(relative: string, platform: NodeJS.Platform): string | undefined {
  if (relative === '' || relative.endsWith('/')) return 'it ends in "/", as a folder does';
  if (relative.startsWith('/')) return 'it begins with "/"';
  if (relative.includes('\0')) return 'it holds a NUL character';
  if (/\p{Surrogate}/u.test(relative)) return 'it is not valid Unicode';
  for (const name of relative.split('/')) {
    if (name === '') return 'a name in it is empty';
    if (name === '.' || name === '..') return `"${name}" in it would lead elsewhere`;
    if (Buffer.byteLength(name) > MAX_NAME_BYTES)
      return `a name in it is longer than ${MAX_NAME_BYTES} bytes`;
    const why = platform === 'win32' ? whyNotOnWindows(name) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
function whyNotOnWindows(name: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  const [forbidden] = /[\\<>:"|?*\u0001-\u001f]/.exec(name) ?? [];
  if (forbidden !== undefined) return `Windows allows no ${JSON.stringify(forbidden)} in a name`;
  if (/[. ]$/.test(name)) return 'Windows allows no name that ends in a dot or a blank';
  return WINDOWS_DEVICE.test(name) ? `"${name}" is a device on Windows` : undefined;
}
