import { isUtf8 } from 'node:buffer';
import { type Dirent, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SsecError, systemErrorCode } from '../../errors.ts';
import { isTemporaryName } from '../../transfer/atomic-file.ts';
import { unreadable } from '../../transfer/file-source.ts';
import type { PathFilter } from './path-filter.ts';

/** What stands in a folder, at any depth. `path` is relative and has `/`. */
export type WalkEntry =
  | { readonly kind: 'file'; readonly path: string; readonly isLink: boolean }
  | { readonly kind: 'failure'; readonly path: string; readonly error: SsecError }
  | { readonly kind: 'skipped'; readonly path: string; readonly why: string };

/**
 * The files in a folder and below, in the order in which S3 lists their names (UTF-8 bytes), one folder's names in
 * memory at a time. A link to a file is a file; a link to a folder is not entered, so that there are no circles.
 * Folders themselves are nothing that S3 knows.
 *
 * @param name how the user calls the folder, for messages
 */
export function* walkFolder(root: string, name: string, filter: PathFilter): Generator<WalkEntry> {
  yield* walk({ root, name, filter }, '');
}

interface Walk {
  readonly root: string;
  readonly name: string;
  readonly filter: PathFilter;
}

function* walk(where: Walk, folder: string): Generator<WalkEntry> {
  let entries: Dirent[];
  try {
    // a character a byte: so no name is lost, and to sort them is to sort their bytes
    entries = readdirSync(join(where.root, folder), { withFileTypes: true, encoding: 'latin1' });
  } catch (error) {
    yield {
      kind: 'failure',
      path: folder === '' ? '.' : folder,
      error: unreadable(join(where.name, folder), error),
    };
    return;
  }
  entries.sort(byKey);
  for (const entry of entries) {
    const name = readName(entry.name);
    if (name === undefined) {
      const shown = folder + escapeBytes(entry.name);
      if (entry.isDirectory() ? !where.filter.skipsFolder(shown) : where.filter.takes(shown))
        yield noUtf8(shown);
      continue;
    }
    const path = folder + name;
    if (entry.isDirectory()) {
      if (!where.filter.skipsFolder(path)) yield* walk(where, `${path}/`);
      continue;
    }
    // what a download of ours left unfinished is no content
    if (!where.filter.takes(path) || isTemporaryName(name)) continue;
    if (entry.isFile()) yield { kind: 'file', path, isLink: false };
    else if (entry.isSymbolicLink()) yield* followLink(where, path);
    else yield { kind: 'skipped', path, why: 'it is no regular file' };
  }
}

function* followLink({ root, name, filter }: Walk, path: string): Generator<WalkEntry> {
  try {
    const status = statSync(join(root, path));
    if (status.isFile()) yield { kind: 'file', path, isLink: true };
    else if (!status.isDirectory())
      yield { kind: 'skipped', path, why: 'it is a link to what is no regular file' };
    else if (!filter.skipsFolder(path))
      yield { kind: 'skipped', path, why: 'it is a link to a folder; put that folder by itself' };
  } catch (cause) {
    const isDangling = systemErrorCode(cause) === 'ENOENT';
    const error = isDangling
      ? new SsecError('FILE_NOT_FOUND', `"${join(name, path)}" is a link to a file that is not there.`, {
          cause,
        })
      : unreadable(join(name, path), cause);
    yield { kind: 'failure', path, error };
  }
}

/** A folder stands where the names in it do. */
function byKey(a: Dirent, b: Dirent): number {
  const left = a.isDirectory() ? `${a.name}/` : a.name;
  const right = b.isDirectory() ? `${b.name}/` : b.name;
  return left < right ? -1 : 1;
}

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;

function readName(bytes: string): string | undefined {
  if (ASCII.test(bytes)) return bytes;
  const name = Buffer.from(bytes, 'latin1');
  return isUtf8(name) ? name.toString() : undefined;
}

function escapeBytes(name: string): string {
  return name.replace(/[^\u0020-\u007e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function noUtf8(path: string): WalkEntry {
  const message = 'The name is not valid UTF-8, and an object key must be.';
  return { kind: 'failure', path, error: new SsecError('USAGE', message, { hints: ['rename it'] }) };
}
