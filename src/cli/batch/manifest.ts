import { isUtf8 } from 'node:buffer';
import { SsecError } from '../../errors.ts';
import type { ObjectVersion } from '../../object-version.ts';
import type { Io } from '../io.ts';
import { badLine } from './manifest/bad-line.ts';
import { LineSplitter } from './manifest/line-splitter.ts';
import { manifestBytes } from './manifest/manifest-bytes.ts';
import { HEAD_BYTES, lineReader, refuseForeignFile } from './manifest/manifest-format.ts';
import { type LineReader, RecordCheck } from './manifest/record.ts';
import { type Shard, isInShard } from './manifest/shard.ts';

export interface ManifestOptions {
  /** Paths as the user wrote them, in the order in which they are read; `-` = stdin. */
  readonly files: readonly string[];
  readonly io: Pick<Io, 'cwd' | 'stdin'>;
  /** For lines that name none. */
  readonly bucket?: string | undefined;
  /** Default: all records. */
  readonly shard?: Shard | undefined;
  /** Each version by its id; else, and by default, the current ones alone. */
  readonly allVersions?: boolean | undefined;
  readonly signal: AbortSignal;
}

/** An object that a manifest names. */
export interface ManifestRecord extends ObjectVersion {
  /**
   * From 1, over all files, whosever share it is: each line that is not empty counts, also one that stands for nothing
   * that is wanted.
   */
  readonly number: number;
  /** Bytes, where the manifest tells; it may have changed since. */
  readonly size?: number;
}

/**
 * The objects that manifests name, one after the other, read as they are asked for; memory stays the same however many
 * there are. A file may be gzip, and is one of these, by its first line:
 *
 * - one address a line, `s3://bucket/key`, or one key, to the letter;
 * - one JSON object a line, as `ssec ls -r --json` prints them;
 * - a data file of S3 Inventory, CSV.
 *
 * With a share, other lines are counted and not looked into; still each worker reads all files.
 *
 * @throws SsecError USAGE for what cannot be used, with its file and line, after the records before it were given;
 *   FILE_NOT_FOUND, FILE_UNREADABLE; the signal's reason
 */
export async function* readManifest(options: ManifestOptions): AsyncGenerator<ManifestRecord, void, void> {
  const { files, io, signal } = options;
  if (files.filter((file) => file === '-').length > 1)
    throw new SsecError('USAGE', 'Stdin can be read once, and is named as a manifest twice.');
  let before = 0;
  for (const path of files) {
    const file = new ManifestFile(options, path === '-' ? 'stdin' : `"${path}"`, before);
    for await (const chunk of withHead(manifestBytes(path, file.name, io, signal), file.name)) {
      signal.throwIfAborted();
      const failure = file.push(chunk);
      // one by one: yield* would put a promise more around each
      for (const record of file.take()) yield record;
      if (failure !== undefined) throw failure.error;
    }
    const failure = file.finish();
    for (const record of file.take()) yield record;
    if (failure !== undefined) throw failure.error;
    before = file.count;
  }
}

interface Failure {
  readonly error: unknown;
}

function failureOf(step: () => void): Failure | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** One file, of which a piece at a time is turned into records. */
class ManifestFile {
  readonly name: string;
  readonly #options: ManifestOptions;
  readonly #splitter: LineSplitter;
  readonly #check = new RecordCheck();
  #reader: LineReader | undefined;
  #found: ManifestRecord[] = [];
  #number: number;

  /** @param before records of the files before this one */
  constructor(options: ManifestOptions, name: string, before: number) {
    this.name = name;
    this.#options = options;
    this.#number = before;
    this.#splitter = new LineSplitter(name, (bytes, start, end, line) => this.#line(bytes, start, end, line));
  }

  /** Records up to here. */
  get count(): number {
    return this.#number;
  }

  /** @returns what went wrong, after what can be taken all the same */
  push(chunk: Buffer): Failure | undefined {
    return failureOf(() => this.#splitter.push(chunk));
  }

  /** Nothing more comes. @returns what went wrong, after what can be taken all the same */
  finish(): Failure | undefined {
    return failureOf(() => this.#splitter.finish());
  }

  /** What was found since the last time. */
  take(): readonly ManifestRecord[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #line(bytes: Buffer, start: number, end: number, line: number): void {
    this.#number += 1;
    const { shard } = this.#options;
    const isOurs = shard === undefined || isInShard(this.#number, shard);
    // the first line is read by all: it tells the format
    if (!isOurs && this.#reader !== undefined) return;
    const place = { name: this.name, line };
    const slice = bytes.subarray(start, end);
    if (!isUtf8(slice)) throw badLine(place, 'it is not UTF-8, as all object keys are');
    const text = slice.toString('utf8');
    const { bucket, allVersions = false } = this.#options;
    this.#reader ??= lineReader(text, { bucket, allVersions });
    const record = this.#reader.read(text, place);
    if (record !== undefined && isOurs)
      this.#found.push({ ...this.#check.check(record, place), number: this.#number });
  }
}

/** The file without a byte order mark, once its beginning was looked at. @throws SsecError USAGE */
async function* withHead(
  chunks: AsyncGenerator<Buffer, void, void>,
  name: string,
): AsyncGenerator<Buffer, void, void> {
  let head: Buffer | undefined = Buffer.alloc(0);
  const checked = (bytes: Buffer): Buffer => {
    refuseForeignFile(bytes, name);
    return bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
  };
  for await (const chunk of chunks) {
    if (head === undefined) yield chunk;
    else {
      head = Buffer.concat([head, chunk]);
      if (head.length < HEAD_BYTES) continue;
      yield checked(head);
      head = undefined;
    }
  }
  if (head !== undefined) yield checked(head);
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
