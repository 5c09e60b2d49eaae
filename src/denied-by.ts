/** Which policy refused a request, as far as the server says. */
export interface Denial {
  /** `explicit` = a Deny that fits; `implicit` = nothing in it allows the action. */
  readonly kind: 'explicit' | 'implicit';
  readonly policy: DenyingPolicy;
}

/** In the words of https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html */
const POLICIES = [
  'resource-based policy',
  'identity-based policy',
  'service control policy',
  'resource control policy',
  'permissions boundary',
  'session policy',
  'VPC endpoint policy',
] as const;
type DenyingPolicy = (typeof POLICIES)[number];

/** AWS ends its text with the kind of policy; other servers say nothing of it. */
export function deniedBy(serviceMessage: string): Denial | undefined {
  const policy = (before: string, after = ''): DenyingPolicy | undefined =>
    POLICIES.find((name) => new RegExp(`${before} ${name}${after}`, 'i').test(serviceMessage));
  const explicit = policy('with an explicit deny in an?');
  if (explicit !== undefined) return { kind: 'explicit', policy: explicit };
  const implicit = policy('because no', ' allows');
  return implicit === undefined ? undefined : { kind: 'implicit', policy: implicit };
}
