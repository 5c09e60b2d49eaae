import type { QueryParameter } from '../http/s3-request.ts';
import type { CredentialScope } from './credential-scope.ts';

/** A signature and all that it is about, from the Authorization header or from the query of a presigned request. */
export interface RequestSignature extends CredentialScope {
  readonly presigned: boolean;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** As in x-amz-date. */
  readonly timestamp: string;
  /** The part of the query that is signed. */
  readonly query: readonly QueryParameter[];
  /** What is said of the body, if anything is. */
  readonly payloadHash: string | undefined;
  readonly sessionToken: string | undefined;
}
