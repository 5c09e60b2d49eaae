import { Readable } from 'node:stream';
import { type ManifestOptions, type ManifestRecord, readManifest } from '../../src/cli/batch/manifest.ts';

type Given = Partial<Omit<ManifestOptions, 'io'>> & { readonly cwd?: string };

/** What a manifest gives that comes in through stdin. */
export function readText(
  text: string | Uint8Array | readonly Uint8Array[],
  given: Given = {},
): Promise<ManifestRecord[]> {
  const chunks = typeof text === 'string' ? [Buffer.from(text)] : text instanceof Uint8Array ? [text] : text;
  return readAll(Readable.from(chunks, { objectMode: false }), { files: ['-'], ...given });
}

export async function readAll(
  stdin: Readable,
  { cwd = '/', files = ['-'], signal = new AbortController().signal, ...given }: Given,
): Promise<ManifestRecord[]> {
  const records: ManifestRecord[] = [];
  for await (const record of readManifest({ files, signal, ...given, io: { cwd, stdin } }))
    records.push(record);
  return records;
}
