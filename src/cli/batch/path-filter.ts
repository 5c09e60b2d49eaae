import picomatch from 'picomatch';

export interface PathFilter {
  /** @param path relative, with `/` */
  takes(path: string): boolean;
  /** Whether nothing in a folder is taken, so that nobody need look into it. */
  skipsFolder(path: string): boolean;
}

/**
 * A file is taken if it matches any `include` (or there is none) and no `exclude`. A pattern without `/` is held
 * against the name alone, in every folder; one with `/` against the whole path; one that ends in `/` means all that
 * is in that folder. `*` stands for names that begin with a dot, too.
 */
export function createPathFilter(patterns: {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}): PathFilter {
  const { include = [], exclude = [] } = patterns;
  const included = include.map(matcher);
  const excluded = exclude.map(matcher);
  const closed = exclude.map(normal).filter((pattern) => pattern.endsWith('/**'));
  const closedFolders = closed.map((pattern) => matcher(`/${pattern.slice(0, -'/**'.length)}`));
  return {
    takes: (path) =>
      (included.length === 0 || included.some((matches) => matches(path))) &&
      !excluded.some((matches) => matches(path)),
    skipsFolder: (path) => closedFolders.some((matches) => matches(path)),
  };
}

function matcher(pattern: string): (path: string) => boolean {
  const isName = !normal(pattern).includes('/') && !pattern.startsWith('/');
  const options = { dot: true, nonegate: true, windows: false, strictSlashes: true };
  const matches = picomatch(normal(pattern), options);
  return isName ? (path) => matches(path.slice(path.lastIndexOf('/') + 1)) : (path) => matches(path);
}

/** From the folder itself, which a `/` or `./` at the beginning means as well. */
function normal(pattern: string): string {
  const path = pattern.replace(/^(?:\.?\/)+/, '');
  return path.endsWith('/') ? `${path}**` : path;
}
