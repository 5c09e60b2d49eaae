import type { ServerAccess } from '../support/plain-client.ts';

/** A server to hold against the contract. */
export interface ContractServer extends ServerAccess {
  readonly name: 'sandbox' | 'rgw' | 'aws';
  /** Is there, and takes SSE-C. */
  readonly bucket: string;
  /** All objects stand below it. */
  readonly prefix: string;
  /** The same server without TLS, where it has such an address. */
  readonly httpEndpoint?: string;
  /** Whether buckets may be made and their settings changed. */
  readonly ownsBuckets: boolean;
  close(): Promise<void>;
}
