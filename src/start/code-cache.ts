import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

interface LoadedScript {
  readonly name: string;
  readonly script: Script;
  /** False where V8 had no code of it, or would not take it. */
  readonly cached: boolean;
}

/** Length of the digest before the code. */
const SEAL_BYTES = 32;

type ModuleFunction = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: object },
  filename: string,
  dirname: string,
) => void;

/**
 * Loads the CommonJS files of a folder with the machine code that V8 made of them in an earlier run, which
 * halves the start. The code lies in the user's own cache folder, one file for each script and version of
 * Node.js, and is used only where nobody else can write there.
 *
 * A first run only leaves a mark: on a machine that is thrown away afterwards (a CI job) writing the cache would
 * cost more than it ever saves. The second run writes it.
 */
export class CodeCache {
  readonly #folder: string;
  readonly #buildId: string;
  readonly #cacheFolder: string | undefined;
  readonly #modules = new Map<string, { exports: object }>();
  readonly #scripts: LoadedScript[] = [];

  /**
   * @param folder where the scripts are
   * @param buildId tells one build from another: V8 itself only compares the length of the source
   */
  constructor(folder: string, buildId: string, env: Readonly<Record<string, string | undefined>>) {
    this.#folder = folder;
    this.#buildId = buildId;
    this.#cacheFolder = buildId === '' ? undefined : ownFolder(cacheFolder(env));
  }

  /** What `require` would return for a script of the folder. */
  load(name: string): object {
    const known = this.#modules.get(name);
    if (known !== undefined) return known.exports;
    const filename = join(this.#folder, name);
    const cachedData = this.#read(name);
    const script = new Script(
      `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'utf8')}\n})`,
      { filename, ...(cachedData === undefined ? {} : { cachedData }) },
    );
    this.#scripts.push({
      name,
      script,
      cached: cachedData !== undefined && script.cachedDataRejected !== true,
    });
    const module = { exports: {} };
    this.#modules.set(name, module);
    const nodeRequire = createRequire(filename);
    const run = script.runInThisContext() as ModuleFunction;
    run(
      module.exports,
      (id) => (id.startsWith('./') ? this.load(id.slice(2)) : (nodeRequire(id) as unknown)),
      module,
      filename,
      dirname(filename),
    );
    return module.exports;
  }

  /** Keeps the code of what this run loaded, functions compiled on the way included. Never fails. */
  save(): void {
    const folder = this.#cacheFolder;
    const missing = this.#scripts.filter(({ cached }) => !cached);
    if (folder === undefined || missing.length === 0) return;
    try {
      const mark = join(folder, `${process.version}.seen`);
      if (readText(mark) !== this.#buildId) {
        replaceFile(mark, Buffer.from(this.#buildId));
        return;
      }
      for (const { name, script } of missing) {
        const code = script.createCachedData();
        replaceFile(this.#path(folder, name), Buffer.concat([this.#seal(code), code]));
      }
    } catch {
      // a full disk or a read-only home: the next start is as slow as this one
    }
  }

  #read(name: string): Buffer | undefined {
    if (this.#cacheFolder === undefined) return undefined;
    try {
      const content = readFileSync(this.#path(this.#cacheFolder, name));
      const code = content.subarray(SEAL_BYTES);
      return content.subarray(0, SEAL_BYTES).equals(this.#seal(code)) ? code : undefined;
    } catch {
      return undefined;
    }
  }

  /** What stands before the code: V8 would run a damaged one until it crashes. */
  #seal(code: Buffer): Buffer {
    return createHash('sha256').update(this.#buildId).update(code).digest();
  }

  #path(folder: string, name: string): string {
    return join(folder, `${process.version}-${process.arch}-${name}.code`);
  }
}

function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const base =
    process.platform === 'win32'
      ? (env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'))
      : process.platform === 'darwin'
        ? join(homedir(), 'Library', 'Caches')
        : env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(base, 'ssec');
}

/** The folder, made where it is missing, if it is ours and nobody else may write in it; else undefined. */
function ownFolder(path: string): string | undefined {
  try {
    makeFolder(path);
    const status = lstatSync(path);
    const ours =
      process.getuid === undefined || (status.uid === process.getuid() && (status.mode & 0o022) === 0);
    return status.isDirectory() && ours ? path : undefined;
  } catch {
    return undefined;
  }
}

/** With its parent, and not one more: a home that is not there is not made. (`recursive` can spin for ever.) */
function makeFolder(path: string): void {
  for (const folder of [dirname(path), path]) {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch {
      // there already, or not to be made: what follows tells
    }
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Two runs may do this at once: each writes its own file, and the last name wins whole. */
function replaceFile(path: string, content: Buffer): void {
  const temp = `${path}.${process.pid}.tmp`;
  writeFileSync(temp, content, { mode: 0o600, flag: 'wx' });
  renameSync(temp, path);
}
