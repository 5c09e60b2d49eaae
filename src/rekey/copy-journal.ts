import type { SsecClient } from '../client.ts';
import { ABORT_TIMEOUT_MS, abortUpload } from '../multipart-uploads.ts';
import type { ObjectAddress } from '../object-address.ts';
import { listParts } from '../transfer/list-parts.ts';
import { planCopies } from '../transfer/part-plan.ts';
import {
  type JournalPlace,
  type JournalRecord,
  TransferJournal,
  openJournal,
} from '../transfer/transfer-journal.ts';
import { unquoted } from '../transfer/uploaded-parts.ts';
import type { Rekeying } from './rekeying.ts';

/** A part that the server has copied. */
export interface CopiedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
}

const FORMAT = 1;

/** The journal of a copy in parts, and what of it can be used: only for the very source, keys and parts. */
export class CopyJournal {
  readonly #rekeying: Rekeying;
  readonly #journal: TransferJournal;
  readonly #head: JournalRecord;

  private constructor(rekeying: Rekeying, journal: TransferJournal) {
    const { client, source, target, to, head } = rekeying;
    this.#rekeying = rekeying;
    this.#journal = journal;
    const { size, partSize } = planCopies(head.ContentLength ?? 0);
    this.#head = {
      // as an upload it is, and is listed and dropped as one
      kind: 'put',
      format: FORMAT,
      endpoint: client.endpoint ?? null,
      bucket: target.bucket,
      key: target.key,
      copyOf: [source.bucket, source.key, source.versionId ?? null].join('\n'),
      etag: head.ETag ?? null,
      customerKeyMd5: to?.fingerprint ?? null,
      size,
      partSize,
    };
  }

  /** @returns undefined where it cannot be gone on with: no place to note it, or a key without a fingerprint */
  static async open(rekeying: Rekeying): Promise<CopyJournal | undefined> {
    const { to, head, journal: place, onNotice } = rekeying;
    if (to?.weak === true || head.ETag === undefined) return undefined;
    const journal = await openJournal(place, onNotice);
    return journal && new CopyJournal(rekeying, journal);
  }

  /** Clears away what an earlier run left of a copy that is there by now. */
  static async clear(
    client: SsecClient,
    target: ObjectAddress,
    place: JournalPlace | undefined,
  ): Promise<void> {
    if (place === undefined || !TransferJournal.exists(place)) return;
    const journal = await openJournal(place, undefined);
    const uploadId = journal?.head?.['uploadId'];
    if (typeof uploadId === 'string') await drop(client, target, uploadId);
    await journal?.remove();
  }

  /** What an earlier run left, as far as the server still has it. */
  async find(): Promise<{ readonly uploadId: string; readonly parts: readonly CopiedPart[] } | undefined> {
    const { client, target, to, signal } = this.#rekeying;
    const { head } = this.#journal;
    const uploadId = head?.['uploadId'];
    if (typeof uploadId !== 'string') return undefined;
    if (Object.entries(this.#head).some(([name, value]) => head?.[name] !== value)) {
      // of another source, or to another key: nobody will go on with it
      await drop(client, target, uploadId);
      return undefined;
    }
    const listed = await listParts({ client, ...target, uploadId, customerKey: to, signal });
    if (typeof listed === 'string') {
      if (listed === 'refused') await drop(client, target, uploadId);
      return undefined;
    }
    const parts = this.#journal.pieces.flatMap((piece): CopiedPart[] => {
      const { number, etag } = piece;
      if (typeof number !== 'number' || typeof etag !== 'string') return [];
      const there = listed.get(number);
      return there !== undefined && unquoted(there.etag) === unquoted(etag) ? [{ number, etag }] : [];
    });
    return { uploadId, parts };
  }

  begin(uploadId: string): Promise<void> {
    return this.#journal.begin({ ...this.#head, uploadId });
  }

  add(part: CopiedPart): Promise<void> {
    return this.#journal.add({ ...part });
  }

  keep(): Promise<void> {
    return this.#journal.keep();
  }

  remove(): Promise<void> {
    return this.#journal.remove();
  }
}

/** What cannot be dropped is listed by `ssec uploads`, and a lifecycle rule ends it. */
async function drop(client: SsecClient, target: ObjectAddress, uploadId: string): Promise<void> {
  const signal = AbortSignal.timeout(ABORT_TIMEOUT_MS);
  await abortUpload({ ...target, uploadId }, { client, signal }).catch(() => undefined);
}
