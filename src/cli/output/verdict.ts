import { formatObjectAddress } from '../../object-address.ts';
import type { VerifyObjectResult } from '../../verify-object.ts';
import type { NamedKey } from '../ring.ts';
import { storedChecksumFields } from './checksum-fields.ts';
import type { Redactor } from './redactor.ts';
import type { JsonRecord } from './reporter.ts';

/** What was found of an object that is as it should be. */
export interface Verdict {
  readonly result: VerifyObjectResult;
  readonly key: NamedKey | undefined;
  /** What it was compared with, as the user calls it. */
  readonly file: string | undefined;
}

export function verdictRecord({ result, key, file }: Verdict, redactor: Redactor): JsonRecord {
  return {
    type: 'verify',
    Bucket: result.bucket,
    Key: result.key,
    Path: file ?? null,
    Size: result.size,
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKeyMD5: key?.customerKey.fingerprint ?? null,
    KeyName: key?.name ?? null,
    ...redactor.strikeMembers({
      VersionId: result.versionId ?? null,
      ETag: result.etag ?? null,
      LastModified: result.lastModified?.toISOString() ?? null,
      ...storedChecksumFields(result),
    }),
    Proof: result.proof,
    Read: result.read,
    Locked: result.locked ?? null,
  };
}

/** One line, whose columns have two blanks between them: the address, the proof, and what else is known. */
export function verdictLine(verdict: Verdict): string {
  const { result, key } = verdict;
  const isRead = result.read ? 'content read' : 'content not read';
  const columns = [formatObjectAddress(result), `${proofOf(verdict)}; ${isRead}`];
  if (key?.name !== undefined) columns.push(`key "${key.name}"`);
  if (result.locked === true) columns.push('locked');
  return columns.join('  ');
}

function proofOf({ result, file }: Verdict): string {
  const { proof, checksum } = result;
  switch (proof) {
    case 'stored':
      return `${checksum?.algorithm ?? 'checksum'} stored`;
    case 'bytes':
      return `every byte is that of "${file ?? ''}"`;
    case 'size':
      return 'no checksum stored, the size agrees';
    default: {
      const name = proof.replace('_COMPOSITE', ' of its parts');
      if (file === undefined) return `${name} agrees`;
      return result.read ? `${name} agrees, also with "${file}"` : `${name} of "${file}" agrees`;
    }
  }
}
