import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import { isDeepStrictEqual } from 'node:util';
import { type ErrorCode, SsecError } from '../errors.ts';
import { sendHead } from '../head-object.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { objectHeaderFields } from '../object-headers.ts';
import { formatObjectAddress } from '../object-address.ts';
import { objectHead } from '../object-head.ts';
import type { ServiceRequest } from '../service-error.ts';
import type { StoredChecksum } from '../transfer/checksum.ts';
import { isBusy, isPassing, whileBusy, withAttempts } from '../transfer/attempts.ts';
import { shellWord } from '../shell-word.ts';
import { cleared, echoes, findOurs, isVersion } from '../write-proof.ts';
import { headersOf } from './copied-description.ts';
import { changedMeanwhile, throughClientInstead } from './rekey-errors.ts';
import type { CopyProof } from './rekey-result.ts';
import { type Copied, type Rekeying, isInPlace } from './rekeying.ts';

/** A copy that stands there under the new key. */
export interface ProvedCopy {
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  readonly checksum: StoredChecksum | undefined;
  /** What agrees between the source and the copy. */
  readonly proof: CopyProof;
}

/**
 * Looks at the copy under the new key: it must open, be as long as the source, and have its checksum, where the server
 * keeps one of each.
 *
 * @throws SsecError OBJECT_CHANGED where somebody else wrote meanwhile; KEY_IGNORED, NOT_SUPPORTED, SIZE_MISMATCH,
 *   CHECKSUM_MISMATCH, NETWORK, ...
 */
export async function proveCopy(rekeying: Rekeying, copied: Copied): Promise<ProvedCopy> {
  const { source, target, to } = rekeying;
  const head = await lookAtCopy(rekeying, copied.versionId).catch((error: unknown) => {
    throw isOther(error) ? changedMeanwhile(rekeying, error) : error;
  });
  // the copy was under the new key when it was made
  if (!isUnderNewKey(rekeying, head)) throw changedMeanwhile(rekeying);
  const before = objectHead(source, rekeying.head, rekeying.from !== undefined);
  const after = objectHead(target, head, to !== undefined);
  const address = formatObjectAddress(target);
  if (after.size !== before.size) {
    throw new SsecError(
      'SIZE_MISMATCH',
      `${address} has ${after.size} bytes now, and ${formatObjectAddress(source)} had ${before.size}.`,
      { hints: ['somebody else may have written it at the same moment; run the same command again'] },
    );
  }
  const isComparable =
    before.checksum !== undefined && before.checksum.algorithm === after.checksum?.algorithm;
  if (isComparable && before.checksum?.value !== after.checksum?.value) {
    throw new SsecError(
      'CHECKSUM_MISMATCH',
      `The ${before.checksum?.algorithm} of ${address} is another than that of ${formatObjectAddress(source)} was.`,
      { hints: ['somebody else may have written it at the same moment; look at both before you go on'] },
    );
  }
  return {
    etag: after.etag,
    versionId: copied.versionId ?? after.versionId,
    checksum: after.checksum,
    proof:
      isComparable && before.checksum !== undefined ? before.checksum.algorithm : (copied.sent ?? 'size'),
  };
}

/**
 * The copy that an earlier run made elsewhere, where there is one: under the new key, with the checksum and the
 * description of the source.
 * Where S3 keeps no checksums that can be compared there is none, and it is made again.
 */
export async function findProvedCopy(rekeying: Rekeying): Promise<ProvedCopy | undefined> {
  const { client, target, to, head, signal } = rekeying;
  const write = { client, ...target, customerKey: to, signal };
  const found = await findOurs(
    write,
    head.ContentLength ?? 0,
    (there) => isSameObject(there, rekeying) && isDescribedAlike(there, head),
  );
  if (found === undefined) return undefined;
  const { etag, versionId, checksum } = objectHead(target, found, to !== undefined);
  return { etag, versionId, checksum, proof: checksum?.algorithm ?? 'size' };
}

/** Whether what describes it is the same; tags are not looked at. */
function isDescribedAlike(a: HeadObjectCommandOutput, b: HeadObjectCommandOutput): boolean {
  const described = (head: HeadObjectCommandOutput): unknown => [
    head.ContentType,
    Object.entries(head.Metadata ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    objectHeaderFields(headersOf(head)),
  ];
  return isDeepStrictEqual(described(a), described(b));
}

/** Whether what stands there is a copy of the source and not the source: by length and checksum, and another ETag. */
export function isSameObject(found: HeadObjectCommandOutput, rekeying: Rekeying): boolean {
  const { head, source, target } = rekeying;
  if (found.ContentLength !== head.ContentLength) return false;
  const before = objectHead(source, head, true).checksum;
  const after = objectHead(target, found, true).checksum;
  return before !== undefined && before.algorithm === after?.algorithm && before.value === after.value;
}

/** What an answer says of the key that the server used. */
type KeyEcho = Parameters<typeof echoes>[0];

/**
 * Some servers copy and pass over the key. What the answer does not tell, the object does.
 *
 * @throws SsecError as `proveCopy`
 */
export async function requireKeyUsed(
  rekeying: Rekeying,
  output: KeyEcho & { readonly VersionId?: string | undefined },
): Promise<void> {
  const { to } = rekeying;
  if (to === undefined || echoes(output, to)) return;
  const isUsed = await lookAtCopy(rekeying, output.VersionId).then(
    (head) => echoes(head, to),
    (error: unknown) => {
      if (error instanceof SsecError && error.code === 'KEY_NOT_NEEDED') return false;
      throw error;
    },
  );
  if (!isUsed) throw await keyNotUsed(rekeying, to, output.VersionId);
}

function isUnderNewKey({ to }: Rekeying, head: HeadObjectCommandOutput): boolean {
  return to === undefined ? head.SSECustomerAlgorithm === undefined : echoes(head, to);
}

/** Answers of an object that is not the copy that was made. */
const OTHERS: ReadonlySet<ErrorCode> = new Set([
  'KEY_MISMATCH',
  'KEY_MISSING',
  'KEY_NOT_NEEDED',
  'OBJECT_NOT_FOUND',
]);

function isOther(error: unknown): boolean {
  return error instanceof SsecError && OTHERS.has(error.code);
}

async function lookAtCopy(rekeying: Rekeying, version: string | undefined): Promise<HeadObjectCommandOutput> {
  const { client, target, to, signal, onRetry } = rekeying;
  const versionId = isVersion(version) ? version : undefined;
  const request: ServiceRequest = {
    operation: 'HeadObject',
    ...target,
    versionId,
    customerKeySent: to !== undefined,
    fingerprint: to?.fingerprint,
    endpoint: client.endpoint,
  };
  const attempts = { maxAttempts: client.maxAttempts, signal, onRetry };
  const isLost = (error: unknown): boolean => isPassing(error) && !isBusy(error);
  return whileBusy(attempts, () =>
    withAttempts({ ...attempts, isWorthIt: isLost }, async () => {
      const release = await client.slots.acquire(1, signal);
      try {
        return await sendHead({ client, ...target, versionId, customerKey: to, signal }, request);
      } finally {
        release();
      }
    }),
  );
}

/** It is the object itself, and nobody must be told to delete it. */
function ofTheOnlyOne(from: CustomerKey | undefined, address: string, hasVersions: boolean): string {
  if (hasVersions)
    return `the newest version is unencrypted, and the one before is as it was: ssec ls -r --versions --long ${shellWord(address)}`;
  return from === undefined
    ? 'nothing was lost: it is as unencrypted as it was before'
    : `its content is whole, and readable without a key now; encrypt it again: ssec rekey ${shellWord(address)} --from none --to NAME --through-client`;
}

/** The server copied, and not under the key that it was given. */
async function keyNotUsed(
  rekeying: Rekeying,
  to: CustomerKey,
  version: string | undefined,
): Promise<SsecError> {
  const { client, target, from, signal } = rekeying;
  const address = formatObjectAddress(target);
  const left =
    isInPlace(rekeying) && !isVersion(version)
      ? ofTheOnlyOne(from, address, rekeying.head.VersionId !== undefined)
      : await cleared({ client, ...target, customerKey: to, signal }, version, 'unencrypted');
  return throughClientInstead(
    new SsecError(
      'KEY_IGNORED',
      `The server copied ${address} and did not encrypt the copy: it cannot copy to a customer key.`,
      { hints: [left], context: { versionId: version } },
    ),
  );
}
