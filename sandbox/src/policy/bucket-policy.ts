import { accountId, principalArn } from '../operations/account.ts';
import { malformedPolicy, notImplemented } from '../s3-error.ts';
import { isRecord, parseConditions, type PolicyCondition } from './policy-condition.ts';

/** A statement that denies writes: the only kind that is enforced, and so the only kind that is taken. */
export interface DenyStatement {
  /** Patterns for object ARNs. */
  readonly resources: readonly string[];
  readonly conditions: readonly PolicyCondition[];
}

const ownPrincipals: ReadonlySet<unknown> = new Set([
  '*',
  accountId,
  `arn:aws:iam::${accountId}:root`,
  principalArn,
]);
const knownElements = new Set(['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition']);

/**
 * Reads a bucket policy: MalformedPolicy as S3 answers it, 501 for what is well formed and would not be enforced.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
 */
export function parseBucketPolicy(text: string, bucket: string): readonly DenyStatement[] {
  const policy = parseJson(text);
  const { Version, Statement } = policy;
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') {
    throw malformedPolicy('The policy must contain a valid version string');
  }
  if (Statement === undefined) throw malformedPolicy('Missing required field Statement');
  const unknown = Object.keys(policy).find((name) => !['Version', 'Id', 'Statement'].includes(name));
  if (unknown !== undefined) throw malformedPolicy(`Unknown field ${unknown}`);
  const statements = list(Statement);
  if (statements.length === 0) throw malformedPolicy('Could not parse the policy: Statement is empty!');
  return statements.map((statement) => parseStatement(statement, bucket));
}

function parseJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // answered below
  }
  if (!text.startsWith('{') || !isRecord(value)) {
    throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  }
  return value;
}

function parseStatement(statement: unknown, bucket: string): DenyStatement {
  if (!isRecord(statement)) throw malformedPolicy('Invalid policy syntax.');
  for (const name of Object.keys(statement)) {
    if (/^Not(Principal|Action|Resource)$/.test(name)) throw notImplemented(`${name} in a bucket policy`);
    if (!knownElements.has(name)) throw malformedPolicy(`Unknown field ${name}`);
  }
  const { Effect, Principal, Action, Resource, Condition } = statement;
  for (const [name, value] of Object.entries({ Effect, Principal, Action, Resource })) {
    if (value === undefined) throw malformedPolicy(`Missing required field ${name}`);
  }
  if (Effect !== 'Deny' && Effect !== 'Allow') throw malformedPolicy(`Invalid effect: ${String(Effect)}`);
  requireOwnPrincipal(Principal);
  requirePutObject(Action);
  const resources = readResources(Resource, bucket);
  const conditions = parseConditions(Condition);
  if (Effect === 'Allow') throw notImplemented('Allow in a bucket policy');
  return { resources, conditions };
}

function requireOwnPrincipal(principal: unknown): void {
  const named = isRecord(principal) ? principal : { AWS: principal };
  const [kind, ...more] = Object.keys(named);
  if (kind === undefined) throw malformedPolicy('Invalid principal in policy');
  const others =
    more.length > 0 || kind !== 'AWS' || list(named['AWS']).some((one) => !ownPrincipals.has(one));
  if (others) throw notImplemented(`principals other than "*" and ${principalArn} in a bucket policy`);
}

function requirePutObject(action: unknown): void {
  for (const one of list(action)) {
    if (typeof one !== 'string' || !/^(\*|s3:[A-Za-z*?]+)$/.test(one)) {
      throw malformedPolicy('Policy has invalid action');
    }
    if (one.toLowerCase() !== 's3:putobject') {
      throw notImplemented(`the action ${one} in a bucket policy; it knows s3:PutObject`);
    }
  }
}

function readResources(resource: unknown, bucket: string): readonly string[] {
  const arn = `arn:aws:s3:::${bucket}`;
  const resources = list(resource).map((one) => {
    if (typeof one !== 'string' || (one !== arn && !one.startsWith(`${arn}/`))) {
      throw malformedPolicy('Policy has invalid resource');
    }
    if (one.includes('${')) throw notImplemented('variables in the resources of a bucket policy');
    return one;
  });
  const objects = resources.filter((one) => one !== arn);
  if (objects.length === 0) throw malformedPolicy('Action does not apply to any resource(s) in statement');
  return objects;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
