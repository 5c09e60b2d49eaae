import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { ABORT_TIMEOUT_MS, abortUpload } from '../multipart-uploads.ts';
import { objectHeaderFields } from '../object-headers.ts';
import { type PutObjectOptions, hasTags } from '../put-request.ts';
import { shellWord } from '../shell-word.ts';
import { findOurs } from '../write-proof.ts';
import type { KeptChecksums } from './complete-upload.ts';
import { FileSource } from './file-source.ts';
import { listParts } from './list-parts.ts';
import { planParts, pieceOf } from './part-plan.ts';
import { PieceSource } from './piece-source.ts';
import { type JournalRecord, type TransferJournal, openJournal } from './transfer-journal.ts';
import { type UploadedPart, UploadedParts, isObject, unquoted } from './uploaded-parts.ts';

/** What an earlier run left. */
export type EarlierUpload =
  | { readonly kind: 'unfinished'; readonly uploadId: string; readonly checksums: KeptChecksums }
  | { readonly kind: 'finished'; readonly parts: UploadedParts; readonly head: HeadObjectCommandOutput };

/** Grows when the meaning of a record changes: an older one is then begun anew. */
const FORMAT = 1;

/**
 * The journal of an upload, and what of it can be used: only for the very file, key, part size and description, and
 * only parts that S3 lists as we sent them.
 */
export class UploadJournal {
  readonly #options: PutObjectOptions;
  readonly #journal: TransferJournal;
  readonly #head: JournalRecord;
  readonly #source: FileSource;
  readonly #plan: ReturnType<typeof planParts>;
  readonly #usable = new Map<number, UploadedPart>();

  private constructor(options: PutObjectOptions, journal: TransferJournal, source: FileSource) {
    this.#options = options;
    this.#journal = journal;
    this.#source = source;
    this.#plan = planParts(source.size, options.partSize);
    this.#head = {
      kind: 'put',
      format: FORMAT,
      endpoint: options.client.endpoint ?? null,
      bucket: options.bucket,
      key: options.key,
      // null: sent without one, which is something else than a key that cannot be told
      customerKeyMd5: options.customerKey?.fingerprint ?? null,
      size: source.size,
      modifiedAt: String(source.modifiedAt),
      partSize: this.#plan.partSize,
      description: descriptionDigest(options),
      // S3 judges the condition by what was written since the upload began: with another ETag it begins anew
      ...(options.ifMatch === undefined ? {} : { ifMatch: unquoted(options.ifMatch) }),
    };
  }

  /**
   * @returns undefined where this upload cannot be gone on with: no file, a key of which no fingerprint may be kept,
   *   another process that sends the same, or no place to note it
   */
  static async open(options: PutObjectOptions): Promise<UploadJournal | undefined> {
    const { source, customerKey } = options;
    if (!(source instanceof FileSource)) return undefined;
    if (customerKey !== undefined && customerKey.fingerprint === undefined) return undefined;
    const journal = await openJournal(options.journal, options.onNotice);
    return journal && new UploadJournal(options, journal, source);
  }

  /** What an earlier run left; where it does not fit any more, it is cleared away and the user is told. */
  async find(): Promise<EarlierUpload | undefined> {
    const { head } = this.#journal;
    if (head === undefined || head['kind'] !== 'put') return undefined;
    const uploadId = head['uploadId'];
    if (typeof uploadId !== 'string') return undefined;
    const difference = differs(this.#head, head);
    if (difference !== undefined) return this.#anew(`${difference} since`, uploadId);
    const parts = this.#journal.pieces.map(asPart).filter((part) => part !== undefined);
    const { client, bucket, key, customerKey, signal } = this.#options;
    const listed = await listParts({ client, bucket, key, uploadId, customerKey, signal });
    if (listed === 'gone') {
      const finished = await this.#findFinished(parts);
      return finished ?? this.#anew('the server does not have it any more', undefined);
    }
    if (listed === 'refused') return this.#anew('the server does not list its parts', uploadId);
    for (const part of parts) {
      const there = listed.get(part.number);
      const fits = part.number <= this.#plan.count && pieceOf(this.#plan, part.number).size === part.size;
      if (fits && there?.size === part.size && unquoted(there.etag) === unquoted(part.etag))
        this.#usable.set(part.number, part);
    }
    return { kind: 'unfinished', uploadId, checksums: asKept(head['checksums']) };
  }

  /** The part of an earlier run, where it held these very bytes. */
  partOf(number: number, size: number, crc32: string): UploadedPart | undefined {
    const part = this.#usable.get(number);
    return part?.size === size && part.crc32 === crc32 ? part : undefined;
  }

  async begin(uploadId: string, checksums: KeptChecksums): Promise<void> {
    this.#usable.clear();
    await this.#journal.begin({ ...this.#head, file: this.#source.path, uploadId, checksums });
  }

  add(part: UploadedPart): Promise<void> {
    return this.#journal.add({ ...part });
  }

  keep(): Promise<void> {
    return this.#journal.keep();
  }

  remove(): Promise<void> {
    return this.#journal.remove();
  }

  async #anew(why: string, uploadId: string | undefined): Promise<undefined> {
    const { client, bucket, key, onNotice } = this.#options;
    onNotice?.(`an unfinished upload was found, but ${why}; it starts anew`);
    if (uploadId === undefined) return undefined;
    const upload = { bucket, key, uploadId };
    await abortUpload(upload, { client, signal: AbortSignal.timeout(ABORT_TIMEOUT_MS) }).catch(() => {
      const drop = `ssec uploads --abort ${shellWord(uploadId)} -b ${bucket}`;
      onNotice?.(`the unfinished upload could not be dropped, and costs money: ${drop}`);
    });
    return undefined;
  }

  /** The upload is gone because it was completed, and nobody was left to hear of it. */
  async #findFinished(found: readonly UploadedPart[]): Promise<EarlierUpload | undefined> {
    const parts = new UploadedParts();
    for (const part of found) parts.add(part);
    if (parts.inOrder.length !== this.#plan.count || parts.size !== this.#plan.size) return undefined;
    const { expected } = parts;
    const head = await findOurs(this.#options, parts.size, (object) => isObject(object, expected));
    if (head === undefined || !(await this.#holds(parts))) return undefined;
    return { kind: 'finished', parts, head };
  }

  /** Whether the file has these very bytes: its size and time may be as they were, and its content another. */
  async #holds(parts: UploadedParts): Promise<boolean> {
    const { signal } = this.#options;
    for (const part of parts.inOrder) {
      const piece = new PieceSource(this.#source, pieceOf(this.#plan, part.number));
      const { crc32 } = await piece.digest({ md5: false, ...(signal === undefined ? {} : { signal }) });
      if (crc32 !== part.crc32) return false;
    }
    return true;
  }
}

const DIFFERENCES: Readonly<Record<string, string>> = {
  customerKeyMd5: 'the key is another',
  size: 'the file has changed',
  modifiedAt: 'the file has changed',
  partSize: 'the part size is another',
  ifMatch: 'the object has been written',
  description: 'metadata, tags, content type, headers or storage class are others',
};

function differs(wanted: JournalRecord, found: JournalRecord): string | undefined {
  const name = Object.keys(wanted).find((member) => wanted[member] !== found[member]);
  return name === undefined ? undefined : (DIFFERENCES[name] ?? 'it was begun in another way');
}

function descriptionDigest(options: PutObjectOptions): string {
  const { contentType, metadata, storageClass } = options;
  const headers = sorted(objectHeaderFields(options.headers));
  const described = [
    contentType ?? null,
    sorted(metadata),
    storageClass ?? null,
    // older journals know of none
    ...(hasTags(options) ? [sorted(options.tags)] : []),
    ...(headers.length > 0 ? [{ headers }] : []),
  ];
  return createHash('sha256').update(JSON.stringify(described)).digest('base64');
}

function sorted(record: Readonly<Record<string, string>> = {}): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function asKept(value: unknown): KeptChecksums {
  return value === 'FULL_OBJECT' || value === 'COMPOSITE' ? value : 'none';
}

function asPart(record: JournalRecord): UploadedPart | undefined {
  const { number, size, etag, crc32, proof } = record;
  if (typeof number !== 'number' || typeof size !== 'number' || typeof etag !== 'string') return undefined;
  if (typeof crc32 !== 'string' || (proof !== 'CRC32' && proof !== 'MD5' && proof !== 'size'))
    return undefined;
  return { number, size, etag, crc32, proof };
}
