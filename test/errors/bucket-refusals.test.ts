import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { sseCPolicy } from '../../src/sse-c-policy.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { type Row, type World, openWorld } from './world.ts';

const freshFolder = temporaryFolders('bucket-refusals');

const put = ['put', 'data'];
const inParts = ['put', 'large', '--part-size', '5MiB'];
const large = Buffer.alloc(17 * 1024 ** 2);
const blocked = 'The bucket "my-bucket" blocks SSE-C, which is AWS\'s default since April 2026.';
const allow = 'allow it: ssec bucket allow-sse-c -b my-bucket';
const show = 'see what it says of SSE-C: ssec bucket show -b my-bucket';

async function putPolicy(world: World, policy: string): Promise<void> {
  const client = plainClient(accessTo(world.sandbox));
  await client.send(new PutBucketPolicyCommand({ Bucket: 'my-bucket', Policy: policy }));
  client.destroy();
}

const forbid = sseCPolicy({ bucket: 'my-bucket', rule: 'forbid', region: 'us-east-1' });
const demandOther = JSON.stringify({
  Statement: {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: 'arn:aws:s3:::my-bucket/*',
    Condition: { Null: { 's3:x-amz-server-side-encryption': 'true' } },
  },
});

/** The refused write, and what it is followed by. */
interface Refusal extends Row {
  readonly asked: readonly string[];
}

/** A 403 without a word why, as other servers give. */
const silently = (operation: string) => [{ operation, status: 403, code: 'AccessDenied', times: 50 }];

const denied = (reason: string) => [
  {
    operation: 'PutObject',
    status: 403,
    code: 'AccessDenied',
    message: `User: u is not authorized ${reason}`,
  },
];

const common = { code: 'ACCESS_DENIED', exit: 4, argv: put } as const;
const mayNot = {
  message: 'You may not do PutObject on s3://my-bucket/data.',
  hints: ['ask for s3:PutObject'],
};

const rows: readonly Refusal[] = [
  {
    ...common,
    when: 'a blocked bucket, in words',
    code: 'SSEC_BLOCKED',
    message: blocked,
    hints: [allow],
    sandbox: { blockSseC: true },
    asked: ['PutObject'],
  },
  {
    ...common,
    when: 'a blocked bucket, without a word',
    code: 'SSEC_BLOCKED',
    message: blocked,
    hints: [allow],
    sandbox: { blockSseC: true, faults: silently('PutObject') },
    asked: ['PutObject', 'GetBucketEncryption'],
  },
  {
    ...common,
    when: 'a blocked bucket, without a word, in parts',
    code: 'SSEC_BLOCKED',
    message: blocked,
    hints: [allow],
    argv: inParts,
    files: { large },
    sandbox: { blockSseC: true, faults: silently('CreateMultipartUpload') },
    asked: ['CreateMultipartUpload', 'GetBucketEncryption'],
  },
  {
    ...common,
    ...mayNot,
    hints: [...mayNot.hints, 'or a bucket policy denies it: ssec bucket show -b my-bucket'],
    when: 'a bucket that does not block',
    sandbox: { faults: silently('PutObject') },
    asked: ['PutObject', 'GetBucketEncryption'],
  },
  {
    ...common,
    ...mayNot,
    hints: [...mayNot.hints, 'or a bucket policy denies it: ssec bucket show -b my-bucket'],
    when: 'a blocked bucket whose encryption may not be read',
    sandbox: {
      blockSseC: true,
      denyActions: ['s3:GetEncryptionConfiguration'],
      faults: silently('PutObject'),
    },
    asked: ['PutObject', 'GetBucketEncryption'],
  },
  {
    ...common,
    ...mayNot,
    when: 'a permission that lacks, in words',
    sandbox: { blockSseC: true, denyActions: ['s3:PutObject'] },
    asked: ['PutObject'],
  },
  {
    ...common,
    when: 'a policy that forbids SSE-C',
    message: 'A bucket policy denies PutObject on s3://my-bucket/data.',
    hints: [show],
    prepare: (world) => putPolicy(world, forbid),
    asked: ['PutObject'],
  },
  {
    ...common,
    when: 'a policy that demands another encryption',
    message: 'A bucket policy denies PutObject on s3://my-bucket/data.',
    hints: [show],
    prepare: (world) => putPolicy(world, demandOther),
    asked: ['PutObject'],
  },
  {
    ...common,
    when: 'a policy, in parts',
    message: 'A bucket policy denies CreateMultipartUpload on s3://my-bucket/large.',
    hints: [show],
    argv: inParts,
    files: { large },
    prepare: (world) => putPolicy(world, forbid),
    asked: ['CreateMultipartUpload'],
  },
  {
    ...common,
    when: 'a policy of the organization',
    message: 'A service control policy denies PutObject on s3://my-bucket/data.',
    hints: ['ask whoever keeps that policy: a deny outweighs every permission'],
    sandbox: { faults: denied('with an explicit deny in a service control policy') },
    asked: ['PutObject'],
  },
  {
    ...common,
    when: 'a policy of the user',
    message: 'An identity-based policy denies PutObject on s3://my-bucket/data.',
    hints: ['ask whoever keeps that policy: a deny outweighs every permission'],
    sandbox: { faults: denied('with an explicit deny in an identity-based policy') },
    asked: ['PutObject'],
  },
  {
    ...common,
    when: 'a boundary that does not allow it',
    message: 'No permissions boundary allows PutObject on s3://my-bucket/data.',
    hints: ['ask whoever keeps that policy for s3:PutObject'],
    sandbox: { faults: denied('because no permissions boundary allows the s3:PutObject action') },
    asked: ['PutObject'],
  },
  {
    ...common,
    ...mayNot,
    when: 'nothing that allows it',
    sandbox: { faults: denied('because no resource-based policy allows the s3:PutObject action') },
    asked: ['PutObject'],
  },
];

describe('a write is refused by', () => {
  test.for(rows.map((row) => [row.when, row] as const))('%s', async ([, row]) => {
    const world = await openWorld(row, freshFolder());
    const asked: string[] = [];
    world.onRequest = (operation) => asked.push(operation);
    try {
      const result = await runCli(row.argv, { cwd: world.cwd, env: world.env });
      const lines = result.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('note: '));
      expect(lines).toEqual([`ssec: ${row.message}`, ...(row.hints ?? []).map((hint) => `hint: ${hint}`)]);
      expect(result.code).toBe(row.exit);
      expect(asked).toEqual(row.asked);
    } finally {
      await world.close();
    }
  });

  test('a bucket that blocks, and many files: it is asked once', async () => {
    const row: Row = {
      ...common,
      ...mayNot,
      when: 'a folder',
      files: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`dir/${index}`, 'x'])),
      sandbox: { faults: silently('PutObject') },
    };
    const world = await openWorld(row, freshFolder());
    const asked: string[] = [];
    world.onRequest = (operation) => asked.push(operation);
    try {
      const result = await runCli(['put', '-r', 'dir'], { cwd: world.cwd, env: world.env });
      expect(result.code).toBeGreaterThan(0);
      expect(asked.filter((operation) => operation === 'GetBucketEncryption')).toHaveLength(1);
    } finally {
      await world.close();
    }
  });
});

test('a policy that demands SSE-C lets an upload through, in one and in parts', async () => {
  const row: Row = { ...common, when: '', message: '', files: { large } };
  const world = await openWorld(row, freshFolder());
  try {
    await putPolicy(world, sseCPolicy({ bucket: 'my-bucket', rule: 'demand', region: 'us-east-1' }));
    for (const argv of [put, inParts]) {
      expect(await runCli(argv, { cwd: world.cwd, env: world.env })).toMatchObject({ code: 0 });
    }
    await expect(world.putPlain('plain')).rejects.toThrow(/explicit deny in a resource-based policy/);
  } finally {
    await world.close();
  }
});

test('a read that a policy denies', async () => {
  const message = 'User: u is not authorized with an explicit deny in a resource-based policy';
  const row: Row = {
    ...common,
    when: 'a read',
    message: 'A bucket policy denies GetObject on s3://my-bucket/there.',
    sandbox: {
      faults: [
        { operation: 'GetObject', status: 403, code: 'AccessDenied', message, times: 9 },
        { operation: 'HeadObject', status: 403, code: 'AccessDenied', times: 9 },
      ],
    },
  };
  const world = await openWorld(row, freshFolder());
  try {
    await world.putEncrypted('there');
    const result = await runCli(['get', 'there', '-o', 'copy'], { cwd: world.cwd, env: world.env });
    expect(result.stderr.split('\n').slice(0, 2)).toEqual([`ssec: ${row.message}`, `hint: ${show}`]);
    expect(result.code).toBe(4);
  } finally {
    await world.close();
  }
});
