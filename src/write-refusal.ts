import { blocksSseC, describeRule, readEncryptionRules } from './bucket-encryption.ts';
import type { SsecClient } from './client.ts';
import { deniedBy } from './denied-by.ts';
import { SsecError, withHints } from './errors.ts';
import { serviceAnswer } from './service-answer.ts';
import { type ServiceRequest, blocked, failureOf } from './service-error.ts';
import { shellWord } from './shell-word.ts';

/**
 * Why S3 refused a write. With a key, a bucket that blocks SSE-C is refused like any other permission that lacks;
 * where the text does not tell them apart, the bucket's encryption is asked for, once a bucket.
 */
export async function explainWriteRefusal(
  client: SsecClient,
  error: unknown,
  request: ServiceRequest,
  signal: AbortSignal | undefined,
): Promise<SsecError> {
  const plain = failureOf(error, request, signal);
  if (plain.code !== 'ACCESS_DENIED' || deniedBy(serviceAnswer(error)?.message ?? '') !== undefined)
    return plain;
  const { bucket } = request;
  const byPolicy = withHints(plain, [
    `or a bucket policy denies it: ssec bucket show -b ${shellWord(bucket)}`,
  ]);
  if (!request.customerKeySent) return byPolicy;
  // of many files at once each may be refused; a run that was stopped stops the question for all of them
  let blocks = client.sseCBlocks.get(bucket);
  if (blocks === undefined) {
    blocks = isBlocked(client, bucket, signal);
    client.sseCBlocks.set(bucket, blocks);
  }
  const answer = await blocks;
  // what was not answered may be asked again
  if (answer === undefined) client.sseCBlocks.delete(bucket);
  if (answer !== true) return byPolicy;
  const { code, message, hints } = blocked(request);
  return new SsecError(code, message, { hints, cause: plain.cause, context: plain.context });
}

/** False also where the server does not say, or we may not ask; undefined where no answer came. */
async function isBlocked(
  client: SsecClient,
  bucket: string,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  try {
    const rules = await readEncryptionRules({ client, bucket, ...(signal === undefined ? {} : { signal }) });
    return rules !== undefined && blocksSseC(describeRule(bucket, rules[0]));
  } catch (error) {
    // these will not change while we run; what else there is may
    return error instanceof SsecError && ['ACCESS_DENIED', 'NOT_SUPPORTED'].includes(error.code)
      ? false
      : undefined;
  }
}
