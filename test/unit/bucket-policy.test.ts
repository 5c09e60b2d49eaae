import { describe, expect, test } from 'vitest';
import { type SseCStatement, findSseCStatements } from '../../src/bucket-policy.ts';
import { sseCPolicy } from '../../src/sse-c-policy.ts';

const key = 's3:x-amz-server-side-encryption-customer-algorithm';
const other = 's3:x-amz-server-side-encryption';

const statement = (condition: unknown, changes: object = {}) => ({
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::b/*',
  Condition: condition,
  ...changes,
});

function kindsOf(...statements: readonly unknown[]): (SseCStatement['kind'] | 'partly')[] {
  return findSseCStatements(JSON.stringify({ Version: '2012-10-17', Statement: statements })).flatMap(
    ({ kind, partly }) => (partly ? [kind, 'partly' as const] : [kind]),
  );
}

describe('what a Deny says', () => {
  test.each([
    ['the header must be there', { Null: { [key]: 'true' } }, ['demands']],
    ['it must be AES256', { StringNotEquals: { [key]: 'AES256' } }, ['demands']],
    [
      'in any case of letters',
      { StringNotEqualsIgnoreCase: { [key.toUpperCase()]: ['aes256'] } },
      ['demands'],
    ],
    ['it must not be there', { Null: { [key]: [false] } }, ['forbids']],
    ['it must not be AES256', { StringEquals: { [key]: 'AES256' } }, ['forbids']],
    ['it must not be anything', { StringLike: { [key]: '*' } }, ['forbids']],
    // a condition with IfExists holds where the header is absent
    ['AES256, with IfExists', { StringNotEqualsIfExists: { [key]: 'AES256' } }, ['demands']],
    ['SSE-S3 must be named', { StringNotEquals: { [other]: 'AES256' } }, ['demands-other']],
    ['some encryption must be named', { Null: { [other]: 'true' } }, ['demands-other']],
    ['SSE-KMS, with IfExists', { StringNotEqualsIfExists: { [other]: 'aws:kms' } }, ['demands-other']],
    ['SSE-S3 alone must not be named', { StringEquals: { [other]: 'AES256' } }, []],
    ['one KMS key', { StringNotEquals: { [`${other}-aws-kms-key-id`]: 'arn:k' } }, ['demands-other']],
    ['SSE-C or SSE-KMS', { Null: { [key]: 'true' }, StringNotEquals: { [other]: 'aws:kms' } }, []],
    ['TLS', { Bool: { 'aws:SecureTransport': 'false' } }, []],
    ['nothing', undefined, []],
  ])('%s', (_, condition, expected) => {
    expect(kindsOf(statement(condition))).toEqual(expected);
  });
});

describe('for some alone', () => {
  const condition = { Null: { [key]: 'true' } };
  test.each([
    ['a principal', { Principal: { AWS: 'arn:aws:iam::1:root' } }],
    ['a prefix', { Resource: ['arn:aws:s3:::b/in/*'] }],
    ['an address', { Condition: { ...condition, NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }],
    ['all but one', { Principal: undefined, NotPrincipal: { AWS: 'arn:aws:iam::1:root' } }],
  ])('%s', (_, changes) => {
    expect(kindsOf(statement(condition, changes))).toEqual(['demands', 'partly']);
  });

  test.each([
    ['{"AWS": "*"}', { Principal: { AWS: '*' } }],
    ['another partition', { Resource: 'arn:aws-cn:s3:::b/*' }],
    ['the bucket and all in it', { Resource: ['arn:aws:s3:::b', 'arn:aws:s3:::b/*'] }],
  ])('%s is everybody and everything', (_, changes) => {
    expect(kindsOf(statement(condition, changes))).toEqual(['demands']);
  });
});

test.each([
  ['s3:PutObject', true],
  ['S3:putobject', true],
  ['s3:Put*', true],
  ['*', true],
  [['s3:GetObject', 's3:*'], true],
  ['s3:GetObject', false],
  ['s3:PutObjectAcl', false],
])('the action %j concerns writes: %s', (action, concerns) => {
  expect(kindsOf(statement({ Null: { [key]: 'true' } }, { Action: action }))).toHaveLength(concerns ? 1 : 0);
});

test('NotAction, Allow, a statement that is no list, Sid', () => {
  const condition = { Null: { [key]: 'false' } };
  const changes = { Action: undefined, NotAction: 's3:GetObject' };
  expect(kindsOf(statement(condition, changes))).toEqual(['forbids']);
  expect(kindsOf(statement(condition, { Effect: 'Allow' }))).toEqual(['demands']);
  const one = { Statement: statement(condition, { Sid: 'Mine' }) };
  expect(findSseCStatements(JSON.stringify(one))).toEqual([
    { Sid: 'Mine', Effect: 'Deny', kind: 'forbids', partly: false },
  ]);
});

test.each(['', 'x', '[]', 'null', '{}', '{"Statement":5}', '{"Statement":[null,{"Effect":"Deny"}]}'])(
  '%s says nothing',
  (text) => {
    expect(findSseCStatements(text)).toEqual([]);
  },
);

describe('the policy that is printed', () => {
  test.each([
    ['demand', 'demands'],
    ['forbid', 'forbids'],
  ] as const)('%s', (rule, kind) => {
    const text = sseCPolicy({ bucket: 'b', rule, region: 'eu-central-1' });
    expect(findSseCStatements(text)).toMatchObject([{ Effect: 'Deny', kind, partly: false }]);
  });

  test.each([
    ['eu-central-1', 'aws'],
    ['us-gov-west-1', 'aws-us-gov'],
    ['cn-north-1', 'aws-cn'],
    ['us-iso-east-1', 'aws-iso'],
    ['us-isob-east-1', 'aws-iso-b'],
    ['', 'aws'],
  ])('in %s names resources of %s', (region, partition) => {
    expect(sseCPolicy({ bucket: 'b', rule: 'demand', region })).toContain(`"arn:${partition}:s3:::b/*"`);
  });
});

test('a policy of many stars is read at once', () => {
  const Action = `${'*a'.repeat(5000)}!`;
  const Condition = { Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'true' } };
  const statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: ['s3:P*tObj?ct', Action],
    Resource: '*',
    Condition,
  };
  expect(findSseCStatements(JSON.stringify({ Statement: [statement] }))).toMatchObject([{ kind: 'demands' }]);
  expect(findSseCStatements(JSON.stringify({ Statement: [{ ...statement, Action }] }))).toEqual([]);
});
