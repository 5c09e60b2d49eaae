import { SsecError, withHints } from '../errors.ts';
import { formatObjectAddress } from '../object-address.ts';
import { serviceAnswer } from '../service-answer.ts';
import { type Rekeying, isInPlace } from './rekeying.ts';

/** Somebody else was there first. */
export function changedMeanwhile(rekeying: Rekeying, cause?: unknown): SsecError {
  const address = formatObjectAddress(rekeying.source);
  return new SsecError(
    'OBJECT_CHANGED',
    `Somebody else wrote ${address} at the same moment; ${isInPlace(rekeying) ? 'what they wrote was left as it is' : 'it was not copied'}.`,
    { hints: ['run the same command again'], cause, context: { status: serviceAnswer(cause)?.status } },
  );
}

/** What else there is where the server does not do it. */
export function throughClientInstead(error: SsecError): SsecError {
  return withHints(error, [
    'through this machine, down and up again and never on disk: add --through-client',
  ]);
}
