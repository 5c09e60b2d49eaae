import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type GetObjectOptions, type GetObjectResult, getObject } from '../../src/get-object.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { crc32Base64, updateCrc32 } from '../../src/transfer/checksum.ts';
import type { Sink } from '../../src/transfer/sink.ts';
import type { WireAnswer, WireHandler, WireRequest } from '../support/wire-server.ts';
import { type StoredObject, rangeOf } from './stored-object.ts';
import { customerKey, faulty, folder } from './support.ts';

/** One download into a folder of its own, and what there is to see of it. */
export interface Run {
  readonly server: Awaited<ReturnType<typeof faulty>>['server'];
  readonly client: Awaited<ReturnType<typeof faulty>>['client'];
  readonly path: string;
  readonly journal: NonNullable<GetObjectOptions['journal']>;
  readonly notices: string[];
  resumed: number;
  progress: number;
  /** Requests before this one are of an earlier run. */
  since: number;
}

let runs = 0;

export async function run(handler: WireHandler, options: Parameters<typeof faulty>[1] = {}): Promise<Run> {
  const { server, client } = await faulty(handler, { maxAttempts: 1, ...options });
  const work = folder();
  runs += 1;
  return {
    server,
    client,
    path: join(work, 'copy'),
    journal: { folder: join(work, 'state'), target: ['get', `${process.pid} ${runs}`] },
    notices: [],
    resumed: 0,
    progress: 0,
    since: 0,
  };
}

/** In place of a journal: as with `--no-resume`. */
export const nowhere = Symbol('nowhere');

type Options = Omit<Partial<GetObjectOptions>, 'journal'> & { readonly journal?: typeof nowhere };

export function get(into: Run, { journal, ...options }: Options = {}): Promise<GetObjectResult> {
  into.resumed = 0;
  return getObject({
    client: into.client,
    bucket: 'bucket',
    key: 'k',
    customerKey,
    ...(journal === nowhere ? {} : { journal: into.journal }),
    openSink: (_object, earlier) =>
      openFileTarget(into.path, earlier === undefined ? {} : { temporaryName: earlier.temporaryName }),
    onNotice: (message) => into.notices.push(message),
    onResumed: (bytes) => (into.resumed = bytes),
    onProgress: (bytes) => (into.progress = bytes),
    ...options,
  });
}

export const filesOf = (into: Run): readonly string[] => readdirSync(join(into.path, '..')).sort();
export const journalsOf = (into: Run): readonly string[] =>
  existsSync(into.journal.folder) ? readdirSync(into.journal.folder) : [];

export function temporaryOf(into: Run): string {
  const name = filesOf(into).find((file) => file.startsWith('.ssec-'));
  if (name === undefined) throw new Error('there is no temporary file');
  return join(into.path, '..', name);
}

/** The file is there, and nothing else. */
export function expectRight(into: Run, bytes: Buffer): void {
  expect(readFileSync(into.path).equals(bytes)).toBe(true);
  expect(filesOf(into).filter((name) => name !== 'state')).toEqual(['copy']);
  expect(journalsOf(into)).toEqual([]);
}

export function expectCleared(into: Run): void {
  expect(filesOf(into).filter((name) => name !== 'state')).toEqual([]);
  expect(journalsOf(into)).toEqual([]);
}

/** What was asked for after the first, by its first byte. */
export const startsOf = ({ server, since }: Run): readonly number[] =>
  server.requests
    .slice(since)
    .filter(({ method, headers }) => method === 'GET' && headers['range'] !== undefined)
    .map((request) => rangeOf(request, Number.POSITIVE_INFINITY).start)
    .sort((a, b) => a - b);

export const isGet = ({ method }: WireRequest): boolean => method === 'GET';
export const startOf = (request: WireRequest): number => rangeOf(request, Number.POSITIVE_INFINITY).start;
export const cut = (answer: WireAnswer, after: number): WireAnswer => ({
  ...answer,
  cut: { after, by: 'reset' },
});

/** An object that says its CRC32. */
export function checkedObject(content: Buffer): StoredObject {
  return { content, headers: { 'x-amz-checksum-crc32': crc32Base64(updateCrc32(0, content)) } };
}

/** Takes bytes in order, and keeps them. */
export function streamInto(came: Buffer[]): Sink {
  return {
    write: (chunk) => {
      came.push(Buffer.from(chunk));
      return Promise.resolve();
    },
    commit: () => Promise.resolve(),
    discard: () => Promise.resolve(),
  };
}
