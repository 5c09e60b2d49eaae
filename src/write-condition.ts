import { SsecError } from './errors.ts';
import { formatObjectAddress } from './object-address.ts';
import type { PutObjectOptions } from './put-request.ts';
import { unquoted } from './transfer/uploaded-parts.ts';

/** A put that may depend on what stands there. */
export type ConditionalWrite = Pick<PutObjectOptions, 'bucket' | 'key' | 'noOverwrite' | 'ifMatch'>;

/** The header by which a write is made to depend on what stands there. */
export type WriteCondition = 'If-None-Match' | 'If-Match';

/**
 * @throws SsecError USAGE for what S3 refuses: both conditions at once, and anything but an ETag
 */
export function checkWriteCondition({ noOverwrite, ifMatch }: ConditionalWrite): void {
  if (ifMatch === undefined) return;
  if (noOverwrite === true) {
    throw new SsecError('USAGE', 'A put replaces nothing (noOverwrite) or one certain object (ifMatch).', {
      hints: ['give one of the two'],
    });
  }
  // S3 knows `*` on a delete alone, and what else is no ETag would fail as a header
  if (!/^[\x21\x23-\x29\x2b-\x7e]+$/.test(unquoted(ifMatch)))
    throw new SsecError('USAGE', 'The condition (ifMatch) is not an ETag.', {
      hints: ['give the ETag of the object as headObject tells it'],
    });
}

/** The condition of a write, if it has one. */
export function conditionOf({ noOverwrite, ifMatch }: ConditionalWrite): WriteCondition | undefined {
  if (noOverwrite === true) return 'If-None-Match';
  return ifMatch === undefined ? undefined : 'If-Match';
}

/** On PutObject and on CompleteMultipartUpload alike. */
export function conditionFields({ noOverwrite, ifMatch }: ConditionalWrite) {
  return {
    ...(noOverwrite === true ? { IfNoneMatch: '*' } : {}),
    // S3 takes it with quotes and without; RGW 16 compares quotes and all with an ETag that has none
    ...(ifMatch === undefined ? {} : { IfMatch: unquoted(ifMatch) }),
  };
}

/**
 * Whether a refusal says that the condition does not hold. 409 says so of an ETag: somebody wrote the object while
 * ours was under way (AmazonS3/latest/userguide/conditional-writes.html).
 */
export function isUnmet(write: ConditionalWrite, status: unknown): boolean {
  return status === 412 ? conditionOf(write) !== undefined : status === 409 && write.ifMatch !== undefined;
}

/** The condition does not hold: somebody else's object is there. */
export function unmetCondition(
  write: ConditionalWrite,
  cause?: unknown,
  context: SsecError['context'] = {},
): SsecError {
  const address = formatObjectAddress(write);
  return write.ifMatch === undefined
    ? new SsecError('TARGET_EXISTS', `${address} exists already.`, {
        hints: ['leave --no-overwrite away to replace it'],
        cause,
        context,
      })
    : new SsecError('OBJECT_CHANGED', `${address} is another by now: somebody else wrote it meanwhile.`, {
        hints: ['it was left as it is; look at it, and try again'],
        cause,
        context,
      });
}
