/** Which requests a fault is for. */
export interface FaultTarget {
  /** The S3 name of the operation, as in `PutObject`. */
  readonly operation: string;
  /** Only requests with this part number. */
  readonly part?: number;
  /** So many of these requests pass before it strikes. Default 0. */
  readonly after?: number;
  /** How many it then strikes, one after the other. Default 1. */
  readonly times?: number;
}

/** The operation is not carried out, and answered with this error. */
interface FailFault extends FaultTarget {
  readonly kind?: 'fail';
  readonly status: number;
  readonly code: string;
  readonly message?: string;
}

/** After so many bytes of a body the connection is cut (`drop`), or stays open and nothing moves any more. */
export interface CutFault extends FaultTarget {
  readonly kind: 'drop' | 'stall';
  readonly bytes: number;
  /** Default: the request's where it brings an object's content, else the answer's. */
  readonly of?: 'request' | 'answer';
}

/** One bit of this byte of the content is wrong: as it is stored, or as it is sent. The first byte is 0. */
interface CorruptFault extends FaultTarget {
  readonly kind: 'corrupt';
  readonly byte: number;
}

/** The answer names another customer key, or none. */
interface EchoFault extends FaultTarget {
  readonly kind: 'echo-other-key' | 'no-echo';
}

/** S3 may find out that it cannot complete an upload, or a copy, when it has sent 200 already. */
export interface ErrorIn200Fault extends FaultTarget {
  readonly kind: 'error-in-200';
  /** Default `InternalError`. */
  readonly code?: string;
  /** It was done all the same. */
  readonly completed?: boolean;
}

/** It was done, and the connection is cut before a byte of the answer. */
interface DropAnswerFault extends FaultTarget {
  readonly kind: 'drop-answer';
}

export type Fault = FailFault | CutFault | CorruptFault | EchoFault | ErrorIn200Fault | DropAnswerFault;
