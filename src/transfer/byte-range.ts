import { SsecError } from '../errors.ts';
import { type ObjectAddress, formatObjectAddress } from '../object-address.ts';

/** What of an answer says which bytes it holds. */
export interface RangeAnswer {
  readonly ContentRange?: string | undefined;
  readonly ContentLength?: number | undefined;
}

/**
 * A server may ignore a range and answer with the whole object: that is no success.
 *
 * @param range as asked for: `bytes=0-99`, `bytes=100-`, `bytes=-100`
 * @throws SsecError NOT_SUPPORTED
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-content-range
 */
export function checkRange(range: string, output: RangeAnswer, address: ObjectAddress): void {
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(output.ContentRange ?? '') ?? [];
  const [, first, last, suffix] = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/.exec(range) ?? [];
  const end = total === '*' || total === undefined ? undefined : Number(total) - 1;
  const right =
    from !== undefined &&
    Number(to) - Number(from) + 1 === output.ContentLength &&
    (suffix === undefined
      ? Number(from) === Number(first) &&
        (last === '' || last === undefined
          ? end === undefined || Number(to) === end
          : Number(to) === Math.min(Number(last), end ?? Number(last)))
      : end === undefined || (Number(to) === end && Number(from) === Math.max(0, end + 1 - Number(suffix))));
  if (right) return;
  throw new SsecError(
    'NOT_SUPPORTED',
    `The server did not answer with the range of ${formatObjectAddress(address)} that was asked for.`,
    {
      hints: ['get the whole object in one request: leave --range away, and add --concurrency 1 --no-resume'],
    },
  );
}
