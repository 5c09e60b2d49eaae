/** A statement of a bucket policy that decides about writes by how they are encrypted. */
export interface SseCStatement {
  readonly Sid: string | undefined;
  readonly Effect: 'Allow' | 'Deny';
  /**
   * - `demands`: writes must come with a customer key
   * - `forbids`: writes with a customer key are refused
   * - `demands-other`: writes must name another encryption (SSE-S3, SSE-KMS), which SSE-C cannot
   *
   * Of an `Allow`: what it lets through; others may let through more.
   */
  readonly kind: 'demands' | 'forbids' | 'demands-other';
  /** For some principals, object names or circumstances alone. */
  readonly partly: boolean;
}

const PREFIX = 's3:x-amz-server-side-encryption';

/** Values of the condition keys that are about encryption, in lower case; absent = not sent. */
type Write = Readonly<Record<string, string>>;

const WITH_CUSTOMER_KEY: Write = { [`${PREFIX}-customer-algorithm`]: 'AES256' };
const PLAIN: Write = {};
const KMS_KEY = `${PREFIX}-aws-kms-key-id`;
const WITH_OTHER: readonly Write[] = [
  { [PREFIX]: 'AES256' },
  { [PREFIX]: 'aws:kms' },
  { [PREFIX]: 'aws:kms:dsse' },
];

/**
 * The statements of a bucket policy that let writes with and without a customer key fare differently. Nothing is
 * asked; a text that is no policy has none.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */
export function findSseCStatements(policyJson: string): SseCStatement[] {
  return statementsOf(policyJson).flatMap((statement) => {
    const effect = statement['Effect'];
    if ((effect !== 'Allow' && effect !== 'Deny') || !concernsWrites(statement)) return [];
    const kind = judge(effect, statement['Condition']);
    if (kind === undefined) return [];
    const sid = statement['Sid'];
    return [
      {
        Sid: typeof sid === 'string' && sid !== '' ? sid : undefined,
        Effect: effect,
        kind,
        partly: isPartial(statement),
      },
    ];
  });
}

function statementsOf(policyJson: string): Record<string, unknown>[] {
  try {
    const policy: unknown = JSON.parse(policyJson);
    return isRecord(policy) ? list(policy['Statement']).filter(isRecord) : [];
  } catch {
    return [];
  }
}

/** Each kind of write is put through the condition: what differs between them is what the statement says. */
function judge(effect: 'Allow' | 'Deny', condition: unknown): SseCStatement['kind'] | undefined {
  const conditions = readConditions(condition);
  if (!conditions.some(({ key }) => key.startsWith(PREFIX))) return undefined;
  const holds = (write: Write): boolean => conditions.every((one) => mayHold(one, write));
  const passes = (write: Write): boolean => holds(write) === (effect === 'Allow');
  const others = [...WITH_OTHER, ...withKmsKeys(conditions)].some(passes);
  if (passes(WITH_CUSTOMER_KEY)) return passes(PLAIN) || others ? undefined : 'demands';
  if (passes(PLAIN)) return 'forbids';
  return others ? 'demands-other' : undefined;
}

/** With each KMS key that is named, as patterns are matched by themselves. */
function withKmsKeys(conditions: readonly Condition[]): Write[] {
  const named = conditions.filter(({ key }) => key === KMS_KEY).flatMap(({ values }) => values);
  return named.flatMap((value) =>
    ['aws:kms', 'aws:kms:dsse'].map((algorithm) => ({ [PREFIX]: algorithm, [KMS_KEY]: value })),
  );
}

interface Condition {
  readonly operator: string;
  /** In lower case: names of condition keys know no case. */
  readonly key: string;
  readonly values: readonly string[];
}

function readConditions(condition: unknown): Condition[] {
  if (!isRecord(condition)) return [];
  return Object.entries(condition).flatMap(([operator, keys]) =>
    isRecord(keys)
      ? Object.entries(keys).map(([key, values]) => ({
          operator,
          key: key.toLowerCase(),
          values: list(values).map(String),
        }))
      : [],
  );
}

/**
 * Whether a condition can be fulfilled by such a write. One on anything but the encryption can, and makes the
 * statement a partial one.
 */
function mayHold({ operator, key, values }: Condition, write: Write): boolean {
  if (!key.startsWith(PREFIX)) return true;
  const found = write[key];
  if (operator === 'Null') return values.includes(String(found === undefined));
  const [, not, comparison, ifExists] =
    /^String(Not)?(Equals|EqualsIgnoreCase|Like)(IfExists)?$/.exec(operator) ?? [];
  if (comparison === undefined) return true;
  if (found === undefined) return not !== undefined || ifExists !== undefined;
  const matches = values.some((value) => {
    if (comparison === 'Like') return matchesPattern(value, found);
    return comparison === 'Equals' ? value === found : value.toLowerCase() === found.toLowerCase();
  });
  return matches !== (not !== undefined);
}

function concernsWrites(statement: Record<string, unknown>): boolean {
  const { Action: action, NotAction: notAction } = statement;
  const names = (patterns: unknown): boolean =>
    list(patterns).some(
      (pattern) => typeof pattern === 'string' && matchesPattern(pattern.toLowerCase(), 's3:putobject'),
    );
  return notAction === undefined ? names(action) : !names(notAction);
}

function isPartial(statement: Record<string, unknown>): boolean {
  const { Principal: principal, Resource: resource, Condition: condition } = statement;
  const everybody = principal === '*' || (isRecord(principal) && list(principal['AWS']).includes('*'));
  const everything = list(resource).some(
    (one) => typeof one === 'string' && /^(\*|arn:[^:]*:s3:::(\*|[^/]+\/\*))$/.test(one),
  );
  const others = readConditions(condition).some(({ key }) => !key.startsWith(PREFIX));
  return !everybody || !everything || others;
}

/**
 * `*` stands for any characters, `?` for one. In steps, not by a pattern of the language: a policy is the server's, and
 * many stars would take for ever.
 */
function matchesPattern(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let behindStar = 0;
  let i = 0;
  while (i < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      behindStar = i;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[i])) {
      at++;
      i++;
    } else if (star >= 0) {
      // the last star takes one more
      at = star + 1;
      i = ++behindStar;
    } else {
      return false;
    }
  }
  while (pattern[at] === '*') at++;
  return at === pattern.length;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}
