import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readFile, readdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { SsecError, systemErrorCode } from '../errors.ts';
import { lockName } from './name-lock.ts';
import { unwritable } from './sink.ts';

/** What is written of a transfer: a head, then a line for each piece that is done. All of it JSON, never a key. */
export type JournalRecord = Readonly<Record<string, unknown>>;

/** Where a transfer is noted. */
export interface JournalPlace {
  /** Made where it is not there; must belong to the user alone. */
  readonly folder: string;
  /** What tells this transfer from others: kind, server, bucket, object, file. */
  readonly target: readonly string[];
}

/**
 * What is needed to go on with a transfer that was cut off: a file of lines in a folder of the user's own, one for
 * each target, held by one process at a time. Lines are appended as pieces are done, so that a crash loses at most
 * the last; whoever goes on believes none of them without looking (a power loss can keep a line and lose the data).
 */
export class TransferJournal {
  /** How the earlier run began; undefined where there was none. */
  readonly head: JournalRecord | undefined;
  /** The pieces that it finished. */
  readonly pieces: readonly JournalRecord[];
  readonly #path: string;
  readonly #release: () => Promise<void>;
  #file: Promise<FileHandle> | undefined;

  private constructor(path: string, lines: readonly JournalRecord[], release: () => Promise<void>) {
    this.#path = path;
    this.#release = release;
    [this.head, ...this.pieces] = lines;
  }

  /** Whether an earlier run left one; costs a look at the disk. */
  static exists({ folder, target }: JournalPlace): boolean {
    return existsSync(join(folder, journalName(target)));
  }

  /**
   * @returns undefined where another process holds it
   * @throws SsecError FILE_UNWRITABLE where the folder cannot be used
   */
  static open({ folder, target }: JournalPlace): Promise<TransferJournal | undefined> {
    return TransferJournal.openFile(folder, journalName(target));
  }

  /** @internal one that `notedTransfers` found */
  static async openFile(folder: string, name: string): Promise<TransferJournal | undefined> {
    await ownFolder(folder);
    const path = join(folder, name);
    const release = await lockName(path);
    if (release === undefined) return undefined;
    const lines = parseLines(await readFile(path, 'utf8').catch(() => ''));
    return new TransferJournal(path, lines, release);
  }

  /**
   * Forgets what was and begins anew.
   *
   * @throws SsecError FILE_UNWRITABLE, DISK_FULL
   */
  async begin(head: JournalRecord): Promise<void> {
    await this.#close();
    try {
      this.#file = open(this.#path, 'w', 0o600);
      const file = await this.#file;
      await file.appendFile(`${JSON.stringify(head)}\n`);
      // the head names what must be cleared away: it must outlive a power loss
      await file.sync();
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  /** Never fails: a piece that could not be noted is transferred again. */
  async add(piece: JournalRecord): Promise<void> {
    this.#file ??= this.#goOn();
    await this.#file.then((file) => file.appendFile(`${JSON.stringify(piece)}\n`)).catch(() => undefined);
  }

  /** Ends this run; another can go on. */
  async keep(): Promise<void> {
    await this.#close();
    await this.#release();
  }

  /** Nothing is left to go on with. Never fails: what is done is done, and whoever finds it later sees that. */
  async remove(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined);
    await this.keep();
  }

  async #goOn(): Promise<FileHandle> {
    const file = await open(this.#path, 'a', 0o600);
    // behind a line that a crash cut off
    await file.appendFile('\n');
    return file;
  }

  async #close(): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }
}

/** A journal if there can be one: a transfer is worth more than the notes on it. */
export async function openJournal(
  place: JournalPlace | undefined,
  onNotice: ((message: string) => void) | undefined,
): Promise<TransferJournal | undefined> {
  if (place === undefined) return undefined;
  try {
    const journal = await TransferJournal.open(place);
    if (journal === undefined)
      onNotice?.('the same transfer runs already; this one cannot be gone on with later');
    return journal;
  } catch (error) {
    if (!(error instanceof SsecError)) throw error;
    onNotice?.(`${error.message.replace(/\.$/, '')}; this transfer cannot be gone on with later`);
    return undefined;
  }
}

/** What a journal tells to whoever only looks. */
export interface NotedTransfer {
  readonly head: JournalRecord;
  /** Pieces that are done. */
  readonly done: number;
  /** Its own file, for `TransferJournal.openFile`. */
  readonly folder: string;
  readonly name: string;
}

/** Every transfer that is noted in a folder, those that run included. */
export async function notedTransfers(folder: string): Promise<NotedTransfer[]> {
  const names = await readdir(folder).catch(() => []);
  const noted: NotedTransfer[] = [];
  for (const name of names.filter((entry) => entry.endsWith('.jsonl')).sort()) {
    const [head, ...pieces] = parseLines(await readFile(join(folder, name), 'utf8').catch(() => ''));
    if (head !== undefined) noted.push({ head, done: pieces.length, folder, name });
  }
  return noted;
}

function journalName(target: readonly string[]): string {
  return `${createHash('sha256').update(JSON.stringify(target)).digest('hex').slice(0, 32)}.jsonl`;
}

/** A line that a crash cut off counts for nothing. */
function parseLines(text: string): JournalRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? [value as JournalRecord]
        : [];
    } catch {
      return [];
    }
  });
}

/** Whoever else could write there could make us replace or delete files. */
async function ownFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const status = await lstat(folder);
    const uid = ownUid();
    const foreign = uid !== -1 && (status.uid !== uid || (status.mode & 0o022) !== 0);
    if (!status.isDirectory() || foreign) throw new Error('it is not yours alone');
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** -1 on Windows. A user without an entry in passwd, as in a container, owns what it could make. */
function ownUid(): number {
  try {
    return userInfo().uid;
  } catch {
    return statSync('/proc/self').uid;
  }
}

function unusable(folder: string, cause: unknown): SsecError {
  const why = systemErrorCode(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  return new SsecError(
    'FILE_UNWRITABLE',
    `"${folder}", where unfinished transfers are noted, cannot be used: ${why}.`,
    {
      cause,
    },
  );
}
