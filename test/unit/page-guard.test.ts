import { describe, expect, test } from 'vitest';
import { SsecError } from '../../src/errors.ts';
import { PageGuard } from '../../src/page-guard.ts';

function refusal(tokens: Iterable<string | undefined>): { readonly at: number; readonly message: string } {
  const guard = new PageGuard('my-bucket');
  let at = 0;
  for (const token of tokens) {
    at += 1;
    try {
      expect(guard.check(token)).toBe(token);
    } catch (error) {
      if (!(error instanceof SsecError) || error.code !== 'SERVICE_REFUSED') throw error;
      return { at, message: error.message };
    }
  }
  return { at: 0, message: '' };
}

function* circle(lead: number, length: number): Generator<string> {
  for (let n = 0; n < 10_000; n++) yield String(n < lead ? n : lead + ((n - lead) % length));
}

describe('a page guard', () => {
  test('lets a listing of any length pass', () => {
    expect(refusal(circle(10_000, 1)).at).toBe(0);
  });

  test.for([
    [0, 1],
    [0, 2],
    [1, 1],
    [5, 3],
    [100, 7],
    [3, 100],
  ] as const)('ends a circle of %d pages, and then %d over and over', ([lead, length]) => {
    const { at, message } = refusal(circle(lead, length));
    expect(message).toMatch(/"my-bucket".*repeats a page/);
    expect(at).toBeLessThanOrEqual(4 * (lead + length) + 2);
  });

  test('wants to be told where to go on', () => {
    for (const token of [undefined, ''])
      expect(refusal(['1', token])).toMatchObject({ at: 2, message: expect.stringContaining('not where') });
  });
});
