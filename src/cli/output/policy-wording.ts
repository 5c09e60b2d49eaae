import type { SseCStatement } from '../../bucket-policy.ts';

const KINDS: Readonly<Record<SseCStatement['kind'], string>> = {
  demands: 'demands SSE-C',
  forbids: 'forbids SSE-C',
  'demands-other': 'demands another encryption, which forbids SSE-C',
};

/** What a statement of a bucket policy means for SSE-C, in a few words. */
export function describeStatement({ Sid, Effect, kind, partly }: SseCStatement): string {
  const who = Sid === undefined ? 'a statement' : `"${Sid}"`;
  const what = Effect === 'Deny' ? KINDS[kind] : `allows only what ${KINDS[kind]}`;
  return `${who} ${what}${partly ? ', in part' : ''}`;
}
