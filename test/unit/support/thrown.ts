import { expect } from 'vitest';
import { SsecError } from '../../../src/errors.ts';

/** The SsecError that an action throws, or that its promise rejects with; fails where there is none. */
export function thrown(action: () => unknown): SsecError {
  try {
    action();
  } catch (error) {
    return ours(error);
  }
  throw new Error('nothing was thrown');
}

export async function rejected(promise: Promise<unknown>): Promise<SsecError> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return ours(error);
  }
  throw new Error(`nothing was thrown, but came ${JSON.stringify(value)}`);
}

function ours(error: unknown): SsecError {
  if (!(error instanceof SsecError)) throw error;
  return error;
}

/** All that an error tells: sentence, hints, and the facts beside them. */
export function allText(error: SsecError): string {
  return [error.message, ...error.hints, JSON.stringify(error.context)].join('\n');
}

/** No part of `secret` of this many characters stands in `text`. */
export function expectNoPart(text: string, secret: string, length = 8): void {
  for (let i = 0; i + length <= secret.length; i++) {
    const part = secret.slice(i, i + length);
    if (text.includes(part)) expect.fail(`a part of the secret shows: ${part}`);
  }
}
