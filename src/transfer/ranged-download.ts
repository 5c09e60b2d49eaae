import type { Readable } from 'node:stream';
import type { SsecClient } from '../client.ts';
import { type ChecksumAlgorithm, createChecksum } from './checksum.ts';
import { CrcCombiner, isCrc } from './crc-combine.ts';
import type { DownloadJournal } from './download-journal.ts';
import { type PartPlan, type Piece, pieceOf } from './part-plan.ts';
import type { OpenedBody, RangedObject } from './ranged-object.ts';
import type { PositionedSink } from './sink.ts';
import type { TransferProgress } from './transfer-progress.ts';
import { runWorkers } from './workers.ts';

/** Bytes read back at once from a file. */
const READ_BACK_BYTES = 1024 ** 2;

export interface RangedDownload {
  readonly client: SsecClient;
  readonly object: RangedObject;
  readonly plan: PartPlan;
  /** Of each range: a CRC, so that those of the ranges make that of the whole. */
  readonly algorithm: ChecksumAlgorithm;
  readonly sink: PositionedSink;
  readonly journal: DownloadJournal | undefined;
  readonly progress: TransferProgress;
  readonly signal: AbortSignal | undefined;
}

/**
 * Downloads into a file, several ranges at once, each written where it belongs.
 *
 * @param opened a body that begins at the first byte: it holds a connection, and is read before anything is waited for
 * @returns the checksum of the whole, out of those of the ranges
 */
export async function downloadRanges(
  download: RangedDownload,
  opened: OpenedBody | undefined,
): Promise<string> {
  const { client, plan, sink } = download;
  await sink.allocate(plan.size);
  const sums = new Map<number, string>();
  let next = opened === undefined ? 1 : 2;
  let first = opened;
  const most = Math.max(1, Math.floor(client.slots.capacity / client.partWeight));
  try {
    await runWorkers(Math.min(most, plan.count), download.signal, async (stop) => {
      const begun = first;
      first = undefined;
      if (begun !== undefined) {
        sums.set(1, await getRange(download, pieceOf(plan, 1), stop, begun.body));
        begun.release();
      }
      for (;;) {
        if (next > plan.count) return;
        const release = await client.slots.acquire(client.partWeight, stop);
        try {
          if (next > plan.count) return;
          const piece = pieceOf(plan, next);
          next += 1;
          sums.set(piece.number, await getRange(download, piece, stop, undefined));
        } finally {
          release();
        }
      }
    });
  } finally {
    opened?.body.destroy();
    opened?.release();
  }
  return combine(download, sums);
}

async function getRange(
  download: RangedDownload,
  piece: Piece,
  signal: AbortSignal,
  opened: Readable | undefined,
): Promise<string> {
  const { object, sink, algorithm, journal } = download;
  const progress = download.progress.piece();
  const noted = journal?.checksumOf(piece.number);
  if (noted !== undefined && noted === (await checksumOnDisk(sink, piece, algorithm))) {
    opened?.destroy();
    download.progress.resumed(piece.size);
    return noted;
  }
  const sum = await createChecksum(algorithm);
  let position = piece.start;
  await object.read(
    piece.start,
    piece.start + piece.size,
    (chunk) => {
      const at = position;
      position += chunk.length;
      sum.update(chunk);
      progress(position - piece.start);
      return sink.writeAt(at, chunk);
    },
    signal,
    opened,
  );
  const checksum = await sum.digest();
  await journal?.add(piece.number, checksum);
  return checksum;
}

/** undefined where the file is shorter. */
async function checksumOnDisk(
  sink: PositionedSink,
  piece: Piece,
  algorithm: ChecksumAlgorithm,
): Promise<string | undefined> {
  const sum = await createChecksum(algorithm);
  const buffer = Buffer.allocUnsafe(Math.min(READ_BACK_BYTES, piece.size));
  for (let done = 0; done < piece.size; done += buffer.length) {
    const chunk = buffer.subarray(0, piece.size - done);
    if (!(await sink.readAt(piece.start + done, chunk))) return undefined;
    sum.update(chunk);
  }
  return sum.digest();
}

function combine({ plan, algorithm }: RangedDownload, sums: ReadonlyMap<number, string>): string {
  if (plan.count === 1 || !isCrc(algorithm)) return sums.get(1) ?? '';
  const whole = new CrcCombiner(algorithm);
  for (let number = 1; number <= plan.count; number++)
    whole.append(sums.get(number) ?? '', pieceOf(plan, number).size);
  return whole.digest();
}
