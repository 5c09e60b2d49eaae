import { SsecError } from '../../../errors.ts';

/** Where in a manifest something stands. */
export interface Place {
  /** What to call the file in a message. */
  readonly name: string;
  /** From 1, empty lines included, as editors count. */
  readonly line: number;
}

/**
 * A line that cannot be used. It is not shown: it may be anything, and be long. Nothing is passed over, because an
 * object that is left out of a rotation is lost with the old key.
 *
 * @param why goes on from "Line 7 of FILE: "
 */
export function badLine(
  { name, line }: Place,
  why: string,
  hints: readonly string[] = [],
  cause?: unknown,
): SsecError {
  return new SsecError('USAGE', `Line ${line} of ${name}: ${why}.`, {
    hints,
    cause,
    context: { manifest: name, line },
  });
}
