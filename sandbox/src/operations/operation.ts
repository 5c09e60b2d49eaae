import type { Readable } from 'node:stream';
import type { Identity } from '../auth/authenticate.ts';
import type { RequestBody } from '../body/request-body.ts';
import type { RequestFaults } from '../faults/request-faults.ts';
import type { S3Request } from '../http/s3-request.ts';
import type { SandboxSettings } from '../sandbox-options.ts';
import type { Bucket } from '../store/bucket.ts';
import type { Store } from '../store/store.ts';

export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A document; its length is computed. */
  readonly xml?: string;
  /** An object's bytes; Content-Length stands in the headers. */
  readonly content?: Readable;
  /** After so many bytes of the body, or before anything at all, nothing more comes. */
  readonly cut?: { readonly kind: 'drop' | 'stall'; readonly bytes: number; readonly before?: boolean };
}

export interface ServiceContext {
  readonly request: S3Request;
  readonly identity: Identity;
  readonly settings: SandboxSettings;
  readonly store: Store;
  readonly body: RequestBody;
  readonly faults: RequestFaults;
  /** By the server's clock, which a test may have put forward. */
  readonly now: Date;
}

export interface BucketContext extends ServiceContext {
  readonly bucket: Bucket;
}

interface OperationFacts {
  /** S3's own name of it. */
  readonly name: string;
  readonly method: string;
  /** The IAM action that it needs; absent: each object in its body needs its own. */
  readonly action?: string;
  /** The one that it needs instead where the request names a version. */
  readonly versionAction?: string;
  /** The query parameter that tells it from its siblings, and its value where that matters. */
  readonly subresource?: { readonly name: string; readonly value?: string };
  /** The header that tells it from its siblings. */
  readonly header?: string;
  /** Further query parameters that it acts on; any other is answered with 501. */
  readonly query?: readonly string[];
  /** x-amz-* headers that it acts on, besides those of every request; any other is answered with 501. */
  readonly headers?: readonly string[];
}

/** What a request means, and who answers it. */
export type Operation = OperationFacts &
  (
    | {
        readonly on: 'service' | 'new-bucket';
        readonly answer: (context: ServiceContext) => Promise<S3Response> | S3Response;
      }
    | {
        readonly on: 'bucket' | 'object';
        readonly answer: (context: BucketContext) => Promise<S3Response> | S3Response;
      }
    /** Another service, which asks other things of a request than S3 does. */
    | { readonly on: 'sts' }
  );
