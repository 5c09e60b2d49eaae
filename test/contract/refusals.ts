import { createHash, randomBytes } from 'node:crypto';
import { keyHeaders } from '../support/signed-request.ts';
import type { ContractServer } from './contract-server.ts';

/** The key of the object that is read. */
export const key = randomBytes(32);
const otherKey = randomBytes(32);
const ALG = 'x-amz-server-side-encryption-customer-algorithm';
const KEY = 'x-amz-server-side-encryption-customer-key';
const MD5 = 'x-amz-server-side-encryption-customer-key-md5';

/** Status, S3's code, S3's words; words only where they are known. */
export interface Refusal {
  readonly status: number;
  readonly code?: string;
  readonly message?: string;
}

type ServerName = ContractServer['name'];

export interface RefusalRow {
  readonly when: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Which object is read; default: the encrypted one. */
  readonly plain?: boolean;
  /**
   * What AWS was seen to answer (recorded pairs of meeseeks-s3 and LocalStack's AWS-validated snapshots), and the
   * sandbox therefore answers.
   */
  readonly aws: Refusal;
  /**
   * What Ceph RGW answers where it is something else: status and code alone, its words are mostly empty. Sources:
   * rgw_crypt.cc of Ceph, and RGW 16.2.15 itself.
   */
  readonly rgw?: Refusal;
}

const must = 'Requests specifying Server Side Encryption with Customer provided keys must ';
const full = keyHeaders(key);
const without = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(full).filter(([header]) => header !== name));
const withMd5 = (bytes: Buffer): Record<string, string> => ({
  [ALG]: 'AES256',
  [KEY]: bytes.toString('base64'),
  [MD5]: createHash('md5').update(bytes).digest('base64'),
});
const invalid = (message: string): Refusal => ({ status: 400, code: 'InvalidArgument', message });
const mismatch = invalid('The calculated MD5 hash of the key did not match the hash that was provided.');
const noKey = {
  status: 400,
  code: 'InvalidRequest',
  message:
    'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.',
};
const badAlgorithm = {
  status: 400,
  code: 'InvalidEncryptionAlgorithmError',
  message: 'The Encryption request you specified is not valid. Supported value: AES256.',
};
const wrongKey = { status: 403, code: 'AccessDenied', message: `${must}provide the correct secret key.` };
const argument = { status: 400, code: 'InvalidArgument' };

/** Headers that are wrong in themselves, the same for a write and a read. */
const both: readonly RefusalRow[] = [
  {
    when: 'no algorithm',
    headers: without(ALG),
    aws: invalid(`${must}provide a valid encryption algorithm.`),
  },
  { when: 'no key', headers: without(KEY), aws: invalid(`${must}provide an appropriate secret key.`) },
  {
    when: 'an empty key',
    headers: { ...full, [KEY]: '' },
    aws: invalid('The secret key was invalid - too short.'),
  },
  { when: 'another MD5', headers: { ...full, [MD5]: keyHeaders(otherKey)[MD5] ?? '' }, aws: mismatch },
  { when: 'an empty MD5', headers: { ...full, [MD5]: '' }, aws: mismatch },
  { when: 'another algorithm', headers: { ...full, [ALG]: 'AES192' }, aws: badAlgorithm },
  {
    when: 'another algorithm and another MD5',
    headers: { ...full, [ALG]: 'AES192', [MD5]: 'x' },
    aws: mismatch,
    rgw: { status: 400, code: 'InvalidEncryptionAlgorithmError' },
  },
];

export const writeRefusals: readonly RefusalRow[] = [
  ...both,
  {
    when: 'no MD5',
    headers: without(MD5),
    aws: invalid(`${must}provide the client calculated MD5 of the secret key.`),
  },
  {
    when: 'a key of 31 bytes',
    headers: withMd5(key.subarray(1)),
    aws: invalid('The secret key was invalid for the specified algorithm.'),
  },
  {
    when: 'a key of 44 bytes: base64 twice',
    headers: withMd5(Buffer.from(key.toString('base64'))),
    aws: invalid('The secret key was invalid for the specified algorithm.'),
  },
  {
    when: 'a customer key and SSE-S3',
    headers: { ...full, 'x-amz-server-side-encryption': 'AES256' },
    aws: invalid(
      'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
    ),
    // RGW 16.2.15: the customer key wins
    rgw: { status: 200 },
  },
];

export const readRefusals: readonly RefusalRow[] = [
  ...both,
  { when: 'no key headers at all', headers: {}, aws: noKey, rgw: argument },
  { when: 'another key', headers: keyHeaders(otherKey), aws: wrongKey, rgw: argument },
  { when: 'a key of 31 bytes', headers: withMd5(key.subarray(1)), aws: wrongKey, rgw: argument },
  {
    when: 'a key for an object without one',
    headers: full,
    plain: true,
    aws: {
      status: 400,
      code: 'InvalidRequest',
      message: 'The encryption parameters are not applicable to this object.',
    },
    rgw: { status: 200 },
  },
];

/** What this server is to answer. */
export function expected(row: RefusalRow, server: ServerName): Refusal {
  if (server !== 'rgw') return row.aws;
  const { status, code } = row.rgw ?? row.aws;
  return code === undefined ? { status } : { status, code };
}
