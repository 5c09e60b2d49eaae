import { formatObjectAddress } from '../../object-address.ts';
import type { ObjectEncryption } from '../../object-encryption.ts';
import type { RekeyObjectResult } from '../../rekey/rekey-result.ts';
import { keyLabel } from '../listing/encryption-label.ts';
import { checksumFields } from '../output/checksum-fields.ts';
import type { Redactor } from '../output/redactor.ts';
import type { JsonRecord } from '../output/reporter.ts';
import type { NamedKey } from '../ring.ts';

/** What is told of an object, whatever became of it. @param record its number in the manifest */
export function rekeyRecord(
  result: RekeyObjectResult,
  to: NamedKey | undefined,
  record: number | undefined,
  redactor: Redactor,
): JsonRecord {
  const { source, target, from, oldVersion } = result;
  // what is left alone is not under the new key
  const now = result.status === 'skipped' ? undefined : to;
  return {
    type: 'rekey',
    Status: result.status,
    Record: record ?? null,
    SourceBucket: source.bucket,
    SourceKey: source.key,
    ...redactor.strikeMembers({ SourceVersionId: source.versionId ?? null }),
    FromEncryption: from.encryption,
    FromKeyName: nameOf(from),
    FromSSECustomerKeyMD5: from.ringKey?.customerKey.fingerprint ?? null,
    Bucket: target.bucket,
    Key: target.key,
    Size: result.size ?? null,
    SSECustomerAlgorithm: now === undefined ? null : 'AES256',
    SSECustomerKeyMD5: now?.customerKey.fingerprint ?? null,
    KeyName: now?.name ?? null,
    ...redactor.strikeMembers({
      VersionId: result.versionId ?? null,
      ETag: result.etag ?? null,
      ...checksumFields(result.checksum),
    }),
    Proof: result.proof ?? null,
    CopiedBy: result.copiedBy ?? null,
    ...redactor.strikeMembers({ OldVersionId: oldVersion?.versionId ?? null }),
    OldVersionDeleted: oldVersion?.deleted ?? null,
    Lost: result.lost,
  };
}

function nameOf({ ringKey }: ObjectEncryption): string | null {
  return ringKey === undefined || ringKey.name === '' ? null : ringKey.name;
}

/** The address where the object is now; of a dry run also from what to what. */
export function rekeyLine(result: RekeyObjectResult, to: NamedKey | undefined): string {
  const { status, source, target, from } = result;
  const address = formatObjectAddress(target);
  if (status !== 'pending') return address;
  const before = from.ringKey === undefined ? from.encryption : keyLabel(from.ringKey.name);
  const after = to === undefined ? 'no customer key' : keyLabel(to.name ?? '');
  const origin = formatObjectAddress(source);
  return `${origin === address ? address : `${origin} -> ${address}`}  ${before} -> ${after}`;
}
