import { malformedPolicy, notImplemented } from '../s3-error.ts';

/** One comparison of a condition: all of a statement's must hold. */
export interface PolicyCondition {
  readonly operator: ConditionOperator;
  /** The request header that the condition key stands for. */
  readonly header: string;
  readonly values: readonly string[];
}

const operators = ['Null', 'StringEquals', 'StringNotEquals'] as const;
type ConditionOperator = (typeof operators)[number];

/** The condition keys that are judged, in lower case: their names know no case. */
const headerOfKey: ReadonlyMap<string, string> = new Map(
  ['x-amz-server-side-encryption-customer-algorithm', 'x-amz-server-side-encryption'].map((header) => [
    `s3:${header}`,
    header,
  ]),
);

/** The Condition element of a statement. What could not be judged is refused: it must not be passed over later. */
export function parseConditions(condition: unknown): readonly PolicyCondition[] {
  if (condition === undefined) return [];
  if (!isRecord(condition)) throw malformedPolicy('Invalid policy syntax.');
  return Object.entries(condition).flatMap(([name, keys]) => {
    const operator = operators.find((known) => known === name);
    if (operator === undefined) throw notImplemented(`the condition operator ${name} in a bucket policy`);
    if (!isRecord(keys)) throw malformedPolicy('Invalid policy syntax.');
    return Object.entries(keys).map(([key, value]) => {
      const header = headerOfKey.get(key.toLowerCase());
      if (header === undefined) throw notImplemented(`the condition key ${key} in a bucket policy`);
      return { operator, header, values: readValues(operator, value) };
    });
  });
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
export function holds(condition: PolicyCondition, headers: ReadonlyMap<string, string>): boolean {
  const { operator, values } = condition;
  const found = headers.get(condition.header);
  switch (operator) {
    case 'Null':
      return values.includes(String(found === undefined));
    case 'StringEquals':
      return found !== undefined && values.includes(found);
    case 'StringNotEquals':
      // an absent key is unequal to anything
      return found === undefined || !values.includes(found);
  }
}

function readValues(operator: ConditionOperator, value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const values = list.map((one) => {
    if (typeof one !== 'string' && typeof one !== 'boolean') throw malformedPolicy('Invalid policy syntax.');
    return String(one);
  });
  if (values.some((one) => one.includes('${')))
    throw notImplemented('variables in the values of a bucket policy');
  if (operator === 'Null' && values.some((one) => one !== 'true' && one !== 'false')) {
    throw malformedPolicy('Invalid policy syntax.');
  }
  return values;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
