import { createHash, type Hash } from 'node:crypto';
import { type Identity, signatureDoesNotMatch } from '../auth/authenticate.ts';
import { sha256Hex, signature } from '../auth/sigv4.ts';
import type { ChunkVerifier, TrailerField } from './aws-chunked.ts';

/** The chain of chunk signatures, which begins with the signature of the Authorization header. */
export class ChunkSignatures implements ChunkVerifier {
  readonly #identity: Identity;
  #previous: string;
  #hash: Hash = createHash('sha256');

  constructor(identity: Identity) {
    this.#identity = identity;
    this.#previous = identity.seedSignature;
  }

  data(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  endOfChunk(given: string): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', [sha256Hex(''), this.#hash.digest('hex')], given);
    this.#hash = createHash('sha256');
  }

  trailer(fields: readonly TrailerField[], given: string): void {
    const lines = fields.map(({ name, value }) => `${name}:${value}\n`).sort();
    this.#check('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(lines.join(''))], given);
  }

  #check(kind: string, hashes: readonly string[], given: string): void {
    const { timestamp, scope, signingKey } = this.#identity;
    const expected = signature(signingKey, [kind, timestamp, scope, this.#previous, ...hashes].join('\n'));
    if (expected !== given.toLowerCase()) throw signatureDoesNotMatch();
    this.#previous = expected;
  }
}
