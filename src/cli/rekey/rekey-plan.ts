import { hostname } from 'node:os';
import type { SsecClient } from '../../client.ts';
import {
  SINGLE_COPY_BYTES,
  SINGLE_GET_BYTES,
  SINGLE_PUT_BYTES,
  planCopies,
  planParts,
  planReadAhead,
} from '../../transfer/part-plan.ts';
import type { CommandContext, Connection } from '../session.ts';
import { knownCaller } from './known-caller.ts';
import type { RekeyKeys } from './rekey-keys.ts';
import type { RekeySelection } from './rekey-many.ts';
import { NOT_KEPT } from './rekey-notes.ts';
import type { RekeyOptions } from './rekey-options.ts';
import type { ObjectToRekey } from './rekey-run.ts';

/** US dollars for 1,000 requests to S3 Standard in us-east-1, November 2026 (https://aws.amazon.com/s3/pricing/). */
const PRICE_OF_WRITES = 0.005;
const PRICE_OF_READS = 0.0004;
/** Nothing is charged for these. */
const FREE: readonly (keyof Requests)[] = ['DeleteObject'];
/** Names of buckets in a note. */
const MOST_BUCKETS = 20;
/** Keys in one answer of a listing. */
const LISTED_AT_ONCE = 1000;

interface Requests {
  ListObjectsV2: number;
  HeadObject: number;
  CopyObject: number;
  CreateMultipartUpload: number;
  UploadPartCopy: number;
  CompleteMultipartUpload: number;
  GetObject: number;
  PutObject: number;
  UploadPart: number;
  /** In a bucket with versions. */
  DeleteObject: number;
}

const WRITES: readonly (keyof Requests)[] = [
  'ListObjectsV2',
  'CopyObject',
  'CreateMultipartUpload',
  'UploadPartCopy',
  'CompleteMultipartUpload',
  'PutObject',
  'UploadPart',
];

/**
 * What a rekey of many objects will do and cost, as if each of them were under the old key. Nothing but listings is
 * asked for.
 */
export async function tellPlan(
  context: CommandContext,
  client: SsecClient,
  connection: Connection,
  selection: RekeySelection,
  keys: RekeyKeys,
  options: RekeyOptions,
): Promise<void> {
  const { io, reporter } = context;
  const throughClient = options.throughClient === true;
  const requests = noRequests();
  let objects = 0;
  let bytes = 0;
  let unsized = 0;
  const buckets = new Set<string>();
  for await (const object of selection.objects(client, io.signal)) {
    if (buckets.size < MOST_BUCKETS) buckets.add(object.target?.bucket ?? object.bucket);
    for (const size of sizesOf(object)) {
      objects += 1;
      bytes += size ?? 0;
      if (size === undefined) unsized += 1;
      count(requests, size ?? 0, throughClient);
    }
  }
  if (selection.from !== undefined) requests.ListObjectsV2 = Math.max(1, Math.ceil(objects / LISTED_AT_ONCE));
  const cost = costOf(requests);
  const caller = await knownCaller(context, client, connection);
  if (options.deleteOldVersion === true) requests.DeleteObject = objects;
  const note = noteOf({ selection, buckets: [...buckets], keys, objects, requests, caller, throughClient });
  const record = {
    type: 'rekey-plan',
    What: selection.label,
    Buckets: [...buckets],
    FromKeyNames: keys.fromNames ?? null,
    SSECustomerAlgorithm: keys.to === undefined ? null : 'AES256',
    SSECustomerKeyMD5: keys.to?.customerKey.fingerprint ?? null,
    KeyName: keys.to?.name ?? null,
    Objects: objects,
    Bytes: bytes,
    ObjectsOfUnknownSize: unsized,
    Requests: requests,
    RequestCostUSD: cost,
    ThroughClient: throughClient,
    ...reporter.redactor.strikeMembers({ Caller: caller ?? null }),
    Host: hostname(),
    UserAgent: 'ssec',
    ...reporter.redactor.strikeMembers({ Note: note.join(' ') }),
  };
  const lines = [
    `${selection.label}: ${objects.toLocaleString('en')} objects, ${bytes.toLocaleString('en')} bytes`,
    `from ${keys.fromLabel} to ${keys.toLabel}, ${throughClient ? 'through this machine' : 'inside S3'}`,
    ...(unsized > 0
      ? [`the manifest does not tell the size of ${unsized.toLocaleString('en')}; they count as small`]
      : []),
    '',
    'Requests, if each object is under the old key and has no tags:',
    ...Object.entries(requests)
      .filter(([, times]) => times > 0)
      .map(([name, times]) => `  ${name.padEnd(24)}${times.toLocaleString('en').padStart(16)}`),
    `  about $${cost.toFixed(2)} at the prices of S3 Standard in us-east-1 (November 2026); other classes and providers`,
    '  have other prices, and objects of Standard-IA, One Zone-IA and Glacier Instant Retrieval that are younger than',
    '  30 or 90 days are charged to the end of that time when they are replaced',
    '',
    `Not kept: ${NOT_KEPT}. Archived objects are not copied.`,
    ...oldVersions(selection, options),
    '',
    'For the security team:',
    ...note.map((line) => `  ${line}`),
  ];
  await reporter.result(record, lines.map((line) => reporter.redactor.clean(line)).join('\n'));
}

/** Bytes of each that is copied: of all its versions, where all are. */
function sizesOf({ size, versions }: ObjectToRekey): readonly (number | undefined)[] {
  if (versions === undefined) return [size];
  return versions.flatMap((version) => (version.isDeleteMarker ? [] : [version.size]));
}

/** What becomes of those that a copy in place replaces. */
function oldVersions({ isInPlace }: RekeySelection, { deleteOldVersion }: RekeyOptions): readonly string[] {
  if (!isInPlace) return [];
  if (deleteOldVersion === true)
    return [
      'In a bucket with versions the one that a copy replaces is deleted for good once the copy is proved.',
    ];
  return [
    'In a bucket with versions each object leaves a noncurrent version under the old key, which costs its size until it',
    'is deleted (--delete-old-version, or a lifecycle rule), and needs the old key as long as it is there.',
  ];
}

function noRequests(): Requests {
  return {
    ListObjectsV2: 0,
    HeadObject: 0,
    CopyObject: 0,
    CreateMultipartUpload: 0,
    UploadPartCopy: 0,
    CompleteMultipartUpload: 0,
    GetObject: 0,
    PutObject: 0,
    UploadPart: 0,
    DeleteObject: 0,
  };
}

function count(requests: Requests, size: number, throughClient: boolean): void {
  // the source under the old key, the copy under the new one
  requests.HeadObject += 2;
  if (throughClient) {
    requests.GetObject += size <= SINGLE_GET_BYTES ? 1 : planReadAhead(size).count;
    if (size <= SINGLE_PUT_BYTES) requests.PutObject += 1;
    else {
      const parts = planParts(size, undefined).count;
      requests.CreateMultipartUpload += 1;
      requests.UploadPart += parts;
      requests.CompleteMultipartUpload += 1;
    }
    return;
  }
  if (size <= SINGLE_COPY_BYTES) {
    requests.CopyObject += 1;
    return;
  }
  requests.CreateMultipartUpload += 1;
  requests.UploadPartCopy += planCopies(size).count;
  requests.CompleteMultipartUpload += 1;
}

/** US dollars, to the cent. */
function costOf(requests: Requests): number {
  const total = Object.entries(requests).reduce((sum, [name, times]) => {
    if (FREE.includes(name as keyof Requests)) return sum;
    const price = WRITES.includes(name as keyof Requests) ? PRICE_OF_WRITES : PRICE_OF_READS;
    return sum + (times / 1000) * price;
  }, 0);
  return Math.round(total * 100) / 100;
}

/** A mass rekey looks like the ransomware of 2025, which locked objects in place by SSE-C. */
function noteOf(plan: {
  readonly selection: RekeySelection;
  readonly buckets: readonly string[];
  readonly keys: RekeyKeys;
  readonly objects: number;
  readonly requests: Requests;
  readonly caller: string | undefined;
  readonly throughClient: boolean;
}): readonly string[] {
  const { selection, buckets, keys, objects, requests, caller, throughClient } = plan;
  const copies = throughClient
    ? `${requests.PutObject.toLocaleString('en')} PutObject and ${requests.CreateMultipartUpload.toLocaleString('en')} CreateMultipartUpload`
    : `${requests.CopyObject.toLocaleString('en')} CopyObject and ${requests.CreateMultipartUpload.toLocaleString('en')} CreateMultipartUpload`;
  const where = selection.isInPlace ? ' on objects as they are,' : '';
  const deletes =
    requests.DeleteObject > 0
      ? `, and as many DeleteObject calls with the ids of the versions that they replaced`
      : '';
  const md5 = keys.to?.customerKey.fingerprint;
  return [
    `${caller ?? 'The credentials in use'} will rekey ${objects.toLocaleString('en')} objects of ${selection.label},`,
    `in ${buckets.length === 1 ? 'the bucket' : 'the buckets'} ${buckets.join(', ')}${buckets.length === MOST_BUCKETS ? ' and maybe others' : ''},`,
    `from ${hostname()}, beginning on ${new Date().toISOString().slice(0, 10)} or later: up to ${copies}`,
    `calls${where} with the user agent "ssec"${deletes}.`,
    ...(keys.to === undefined
      ? ['They take objects out of SSE-C.']
      : [
          'CloudTrail data events will show them with the request parameter',
          'x-amz-server-side-encryption-customer-algorithm=AES256, as they show the ransomware of 2025',
          '(https://aws.amazon.com/blogs/security/preventing-unintended-encryption-of-amazon-s3-objects/).',
          `These encrypt with a key of ours${md5 === undefined ? '' : `, whose MD5 digest is ${md5}`}.`,
        ]),
    'Any such call by another caller, host or user agent, or to another bucket, is none of this.',
  ];
}
