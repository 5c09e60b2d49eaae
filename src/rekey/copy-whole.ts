import { CopyObjectCommand, type CopyObjectCommandOutput } from '@aws-sdk/client-s3';
import { copySource } from '../copy-source.ts';
import { SsecError } from '../errors.ts';
import { objectHeaderFields } from '../object-headers.ts';
import { formatTags } from '../object-tags.ts';
import { conditionFields } from '../write-condition.ts';
import { serviceAnswer } from '../service-answer.ts';
import { failureOf } from '../service-error.ts';
import { isBusy, whileBusy } from '../transfer/attempts.ts';
import { explainCopyRefusal } from './copy-refusal.ts';
import { headersOf, uncopiedFields } from './copied-description.ts';
import { type Copied, type Rekeying, isInPlace, trialOf } from './rekeying.ts';
import { requireKeyUsed } from './rekey-proof.ts';

/** What is told the server besides; some know less than others. */
interface Manner {
  /** Whether the copy fails where the target was written meanwhile. */
  readonly guardsTarget: boolean;
  /** Whether metadata are given anew: for servers to which another key is no change. */
  readonly repeatsMetadata: boolean;
}

/**
 * Copies an object of up to 5 GiB inside the server, in one request: atomically, so that at no moment there is less
 * than one whole object. It fails where the source is another than was looked at, and in place where the target is.
 *
 * @throws SsecError NOT_SUPPORTED where the server cannot copy between keys; OBJECT_CHANGED, TARGET_EXISTS,
 *   OBJECT_ARCHIVED, SSEC_BLOCKED, ACCESS_DENIED, NETWORK, ...
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export async function copyWhole(rekeying: Rekeying): Promise<Copied> {
  return trialOf(rekeying).run(() => copyOnce(rekeying), rekeying.signal);
}

async function copyOnce(rekeying: Rekeying): Promise<Copied> {
  const { client } = rekeying;
  const inPlace = isInPlace(rekeying);
  let manner: Manner = { guardsTarget: inPlace && client.guardsCopies, repeatsMetadata: false };
  for (;;) {
    let output: CopyObjectCommandOutput;
    try {
      output = await send(rekeying, manner);
    } catch (error) {
      const status = serviceAnswer(error)?.status;
      if (status === 501 && manner.guardsTarget) {
        client.guardsCopies = false;
        manner = { ...manner, guardsTarget: false };
        continue;
      }
      const verdict = await explainCopyRefusal(rekeying, error, 'CopyObject');
      if (!(verdict instanceof SsecError)) return { by: 'CopyObject', ...verdict, sent: undefined };
      if (status === 400 && mayRepeat(rekeying, manner, verdict)) {
        manner = { ...manner, repeatsMetadata: true };
        continue;
      }
      throw verdict;
    }
    await requireKeyUsed(rekeying, output);
    return { by: 'CopyObject', versionId: output.VersionId, sent: undefined };
  }
}

/** Metadata that no header can hold would be lost. */
function mayRepeat(rekeying: Rekeying, manner: Manner, { code }: SsecError): boolean {
  const isRefusal = code === 'NOT_SUPPORTED' || code === 'SERVICE_REFUSED';
  return (
    isRefusal && isInPlace(rekeying) && !manner.repeatsMetadata && (rekeying.head.MissingMeta ?? 0) === 0
  );
}

async function send(rekeying: Rekeying, manner: Manner): Promise<CopyObjectCommandOutput> {
  const { client, source, target, from, to, head, tags, noOverwrite, onRetry, signal } = rekeying;
  const command = new CopyObjectCommand({
    Bucket: target.bucket,
    Key: target.key,
    CopySource: copySource(source),
    ...(head.ETag === undefined ? {} : { CopySourceIfMatch: head.ETag }),
    ...conditionFields({
      ...target,
      ...(manner.guardsTarget && head.ETag !== undefined ? { ifMatch: head.ETag } : {}),
      noOverwrite,
    }),
    ...(manner.repeatsMetadata
      ? {
          MetadataDirective: 'REPLACE',
          Metadata: { ...head.Metadata },
          ...(head.ContentType === undefined ? {} : { ContentType: head.ContentType }),
          ...objectHeaderFields(headersOf(head)),
        }
      : {}),
    ...uncopiedFields(head),
    ...(tags === undefined ? {} : { TaggingDirective: 'REPLACE', Tagging: formatTags(tags) }),
    ...from?.copySourceFields(),
    ...to?.requestFields(),
  });
  const request = { operation: 'CopyObject', ...target, customerKeySent: true, endpoint: client.endpoint };
  const isWorthIt = (error: unknown): boolean => isBusy(failureOf(error, request, signal));
  return whileBusy({ maxAttempts: client.maxAttempts, signal, isWorthIt, onRetry }, async () => {
    const release = await client.slots.acquire(1, signal);
    try {
      return await client.send<CopyObjectCommandOutput>(command, { signal, bulk: true });
    } finally {
      release();
    }
  });
}
