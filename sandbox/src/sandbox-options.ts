import type { Fault } from './faults/fault.ts';

/** What a finished request looked like: for tests that pin what leaves a client. */
export interface RequestRecord {
  readonly operation: string;
  readonly method: string;
  /** Path and query, as received. */
  readonly path: string;
  readonly status: number;
  /** Header names in lower case, values as received. */
  readonly headers: Record<string, string>;
}

export interface SandboxOptions {
  /** Objects live here and survive a restart. Default: a fresh temporary folder, removed on close. */
  readonly dir?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly region?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  /** When given, requests must carry it in x-amz-security-token. */
  readonly sessionToken?: string;
  /** New buckets block SSE-C, AWS's default since April 2026. Default false. */
  readonly blockSseC?: boolean;
  /** false: the SSE-C response headers are not sent. Default true. */
  readonly echo?: boolean;
  /** `ignore`: the headers are taken, the object is stored plain, 200. `refuse`: 501 on any SSE-C header. */
  readonly sseC?: 'encrypt' | 'ignore' | 'refuse';
  /**
   * What becomes of copies that name a customer key. `refuse`: 501. `ignore`: CopyObject passes over the target's key,
   * stores plain and answers 200; no copy echoes a key. Both are seen on Ceph RGW 16. Default `copy`.
   */
  readonly copies?: 'copy' | 'ignore' | 'refuse';
  /** `refuse`: GetObjectAttributes is answered with 501. `ignore`: with the object, as Ceph RGW 16 does it. */
  readonly attributes?: 'answer' | 'ignore' | 'refuse';
  /** Also listen on plain http, where SSE-C is refused. For tests only. */
  readonly http?: boolean;
  /** IAM actions that are denied, as in `s3:GetObject`. */
  readonly denyActions?: readonly string[];
  /** Every signed request is answered with ExpiredToken. */
  readonly expiredToken?: boolean;
  /** How far the server's clock is ahead of the machine's. */
  readonly clockSkewMs?: number;
  /** Smallest size of a part that is not the last. S3's and the default is 5 MiB. */
  readonly minPartBytes?: number;
  /** What is to go wrong: objects, or as text: `fail UploadPart 503 SlowDown x2`. */
  readonly faults?: readonly (Fault | string)[];
  /** Called before the answer is sent; a promise is waited for. Where it throws, the answer is 500. */
  readonly onRequest?: (request: RequestRecord) => unknown;
}

/** The options that requests are judged by, with their defaults filled in. */
export interface SandboxSettings {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly blockSseC: boolean;
  readonly echo: boolean;
  readonly sseC: 'encrypt' | 'ignore' | 'refuse';
  readonly copies: 'copy' | 'ignore' | 'refuse';
  readonly attributes: 'answer' | 'ignore' | 'refuse';
  readonly denyActions: ReadonlySet<string>;
  readonly expiredToken: boolean;
  readonly clockSkewMs: number;
  readonly minPartBytes: number;
}

/**
 * Public, good for no other server, the same in every sandbox. It looks like AWS's: were it made of words, a client
 * that strikes parts of secrets from its output would strike the words too.
 */
const sandboxSecretAccessKey = 'uieKrRQF8KnshUxQ34/MmfVQJoZwG+KrU5SkO49Q';

export function resolveSettings(options: SandboxOptions): SandboxSettings {
  return {
    region: options.region ?? 'us-east-1',
    accessKeyId: options.accessKeyId ?? 'AKIASANDBOX0EXAMPLE0',
    secretAccessKey: options.secretAccessKey ?? sandboxSecretAccessKey,
    sessionToken: options.sessionToken,
    blockSseC: options.blockSseC ?? false,
    echo: options.echo ?? true,
    sseC: options.sseC ?? 'encrypt',
    copies: options.copies ?? 'copy',
    attributes: options.attributes ?? 'answer',
    denyActions: new Set(options.denyActions),
    expiredToken: options.expiredToken ?? false,
    clockSkewMs: options.clockSkewMs ?? 0,
    minPartBytes: options.minPartBytes ?? 5 * 1024 ** 2,
  };
}
