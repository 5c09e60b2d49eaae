import { SsecError } from './errors.ts';

/**
 * A name out of a listing that was asked for with `EncodingType: url`, which XML needs for some characters. As forms
 * are encoded: AWS writes a blank as `+`, others as `%20`.
 *
 * @param encoding what the answer says of itself
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
export function listedName(text: string, encoding: string | undefined): string {
  if (encoding !== 'url' || !/[+%]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (cause) {
    throw new SsecError('SERVICE_REFUSED', `The server lists a key that is not UTF-8: "${text}".`, { cause });
  }
}

/** S3's order of names: by their bytes in UTF-8. */
export function compareNames(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** Two sorted lists as one, for what S3 lists apart; of equals the first list's come first. */
export function* mergeSorted<A, B>(
  first: readonly A[],
  second: readonly B[],
  compare: (a: A, b: B) => number,
): Generator<A | B, void, void> {
  let at = 0;
  for (const item of first) {
    for (let other = second[at]; other !== undefined && compare(item, other) > 0; other = second[at]) {
      yield other;
      at += 1;
    }
    yield item;
  }
  yield* second.slice(at);
}
