import { sha256Hex, signature, signingKey } from '../../src/auth/sigv4.ts';
import type { Reached } from './raw-request.ts';

export interface ChunksToSign {
  /** As they were signed in the head of the request. */
  readonly headers: Readonly<Record<string, string>>;
  /** The empty last one is added. */
  readonly chunks: readonly Buffer[];
  /** `name:value` */
  readonly trailer?: string;
}

export interface SignedChunks {
  readonly body: Buffer;
  /** Of the head, the chunks, and the trailer. */
  readonly signatures: readonly string[];
}

/** An aws-chunked body whose signatures go on from that of the Authorization header. */
export function signChunks(sandbox: Reached, { headers, chunks, trailer }: ChunksToSign): SignedChunks {
  const [, scope = ''] = /Credential=[^/]+\/([^,]+)/.exec(headers['authorization'] ?? '') ?? [];
  const [, seed = ''] = /Signature=(\w+)/.exec(headers['authorization'] ?? '') ?? [];
  const [date = '', region = ''] = scope.split('/');
  const key = signingKey(sandbox.secretAccessKey, date, region);
  const signatures = [seed];
  const next = (kind: string, ...hashes: string[]) => {
    const text = [kind, headers['x-amz-date'], scope, signatures.at(-1), ...hashes].join('\n');
    const signed = signature(key, text);
    signatures.push(signed);
    return signed;
  };
  const parts: Buffer[] = [];
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    const signed = next('AWS4-HMAC-SHA256-PAYLOAD', sha256Hex(''), sha256Hex(chunk));
    const head = Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signed}\r\n`);
    parts.push(head, chunk, Buffer.from(chunk.length === 0 ? '' : '\r\n'));
  }
  if (trailer !== undefined) {
    const signed = next('AWS4-HMAC-SHA256-TRAILER', sha256Hex(`${trailer}\n`));
    parts.push(Buffer.from(`${trailer}\r\nx-amz-trailer-signature:${signed}\r\n`));
  }
  return { body: Buffer.concat([...parts, Buffer.from('\r\n')]), signatures };
}
