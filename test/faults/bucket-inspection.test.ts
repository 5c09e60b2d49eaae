import { describe, expect, test } from 'vitest';
import { allowSseC, blockSseC } from '../../src/bucket-encryption.ts';
import {
  type BucketAnswer,
  type BucketQuestion,
  bucketEncryption,
  bucketPolicy,
  bucketRegion,
  bucketVersioning,
  unfinishedUploadRules,
} from '../../src/bucket-inspection.ts';
import type { WireAnswer } from '../support/wire-server.ts';
import { faulty } from './support.ts';

const listing =
  '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Contents><Key>a</Key></Contents></ListBucketResult>';
const error = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;

const questions: Readonly<Record<string, (question: BucketQuestion) => Promise<BucketAnswer<unknown>>>> = {
  bucketRegion,
  bucketEncryption,
  bucketVersioning,
  bucketPolicy,
  unfinishedUploadRules,
};
const known = (value: unknown) => ({ known: true, value });
const unknown = (why: unknown) => ({ known: false, why });

/** The same answer to all that is asked. */
async function ask(name: string, answer: WireAnswer): Promise<BucketAnswer<unknown>> {
  const { client } = await faulty(() => answer, { maxAttempts: 1 });
  const question = questions[name];
  if (question === undefined) throw new Error(name);
  return question({ client, bucket: 'bucket' });
}

describe('an answer that is none to the question', () => {
  test.each([
    ['bucketEncryption', unknown('unsupported')],
    ['bucketPolicy', unknown('unsupported')],
    ['unfinishedUploadRules', unknown('unsupported')],
    ['bucketRegion', unknown('unsupported')],
  ])('%s: a listing of the bucket', async (name, expected) => {
    expect(await ask(name, { status: 200, body: listing })).toEqual(expected);
  });

  test.each(Object.keys(questions))('%s: 501', async (name) => {
    expect(await ask(name, { status: 501, body: error('NotImplemented') })).toEqual(unknown('unsupported'));
  });

  test.each(Object.keys(questions))('%s: 403', async (name) => {
    expect(await ask(name, { status: 403, body: error('AccessDenied') })).toEqual(unknown('denied'));
  });

  test.each(Object.keys(questions))('%s: no such bucket', async (name) => {
    const answer = await ask(name, { status: 404, body: error('NoSuchBucket') });
    expect(answer).toMatchObject(unknown({ code: 'BUCKET_NOT_FOUND' }));
  });

  test.each(Object.keys(questions))('%s: a page', async (name) => {
    const answer = await ask(name, { status: 200, body: '<!doctype html><p>Welcome' });
    // a HEAD has no body, and what has no words is no versioning
    if (name !== 'bucketVersioning') expect(answer).toEqual(unknown('unsupported'));
  });
});

describe('what was never configured', () => {
  test.each([
    ['bucketPolicy', 'NoSuchBucketPolicy', undefined],
    ['bucketPolicy', 'NoSuchPolicy', undefined],
    ['unfinishedUploadRules', 'NoSuchLifecycleConfiguration', []],
  ])('%s: %s', async (name, code, value) => {
    expect(await ask(name, { status: 404, body: error(code) })).toEqual(known(value));
  });

  test('encryption', async () => {
    const body = error('ServerSideEncryptionConfigurationNotFoundError');
    const answer = await ask('bucketEncryption', { status: 404, body });
    expect(answer).toMatchObject(known({ sseAlgorithm: undefined, blockedEncryptionTypes: [] }));
  });
});

describe('the region', () => {
  const location = (name: string) =>
    `<?xml version="1.0"?><LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${name}</LocationConstraint>`;
  test.each([
    [{ status: 200, headers: { 'x-amz-bucket-region': 'eu-west-3' } }, known('eu-west-3')],
    [{ status: 403, headers: { 'x-amz-bucket-region': 'eu-west-3' } }, known('eu-west-3')],
    [{ status: 200, headers: { 'x-amz-bucket-region': 'no region!' } }, unknown('unsupported')],
    [{ status: 200, body: location('EU') }, known('eu-west-1')],
    [{ status: 200, body: location('default') }, known('default')],
  ] as const)('%o', async (answer, expected) => {
    expect(await ask('bucketRegion', answer)).toEqual(expected);
  });
});

test('lifecycle rules: those in force, for whom', async () => {
  const abort = (days: number) =>
    `<AbortIncompleteMultipartUpload><DaysAfterInitiation>${days}</DaysAfterInitiation></AbortIncompleteMultipartUpload>`;
  const rule = (inside: string, status = 'Enabled') => `<Rule>${inside}<Status>${status}</Status></Rule>`;
  const rules = [
    rule(`<Filter><Prefix>a/</Prefix></Filter>${abort(1)}`),
    rule(`<Prefix>b/</Prefix>${abort(2)}`),
    rule(`<Filter><And><Prefix>c/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter>${abort(3)}`),
    rule(`<Filter><ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></Filter>${abort(4)}`),
    rule(`<Filter/>${abort(5)}`, 'Disabled'),
    rule('<Filter/><Expiration><Days>9</Days></Expiration>'),
    rule(`<Filter></Filter>${abort(6)}`),
  ];
  const body = `<LifecycleConfiguration>${rules.join('')}</LifecycleConfiguration>`;
  expect(await ask('unfinishedUploadRules', { status: 200, body })).toEqual(
    known([
      { prefix: 'a/', days: 1, partly: false },
      { prefix: 'b/', days: 2, partly: false },
      { prefix: 'c/', days: 3, partly: true },
      { prefix: '', days: 4, partly: true },
      { prefix: '', days: 6, partly: false },
    ]),
  );
});

describe('changing the block', () => {
  const kms = 'arn:aws:kms:us-east-1:1:key/k';
  const configuration = (types: string, bucketKey = 'true') =>
    `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>${kms}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>${types}<BucketKeyEnabled>${bucketKey}</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`;
  const types = (...names: readonly string[]) =>
    `<BlockedEncryptionTypes>${names.map((name) => `<EncryptionType>${name}</EncryptionType>`).join('')}</BlockedEncryptionTypes>`;
  const ok = (body: string): WireAnswer => ({ status: 200, body });

  test('puts back what stands there', async () => {
    const { server, client } = await faulty([
      ok(configuration(types('NONE'))),
      { status: 200 },
      ok(configuration(types('SSE-C'))),
    ]);
    const result = await blockSseC({ client, bucket: 'bucket' });
    expect(result).toMatchObject({ changed: true, kmsMasterKeyId: kms, bucketKeyEnabled: true });
    const sent = server.requests[1]?.body.toString() ?? '';
    expect(sent).toContain(`<KMSMasterKeyID>${kms}</KMSMasterKeyID>`);
    expect(sent).toContain('<BucketKeyEnabled>true</BucketKeyEnabled>');
    expect(sent).toContain('<EncryptionType>SSE-C</EncryptionType>');
    expect(sent).not.toContain('NONE');
  });

  test.each([
    ['blocked', blockSseC, types('SSE-C')],
    ['allowed', allowSseC, types('NONE')],
  ])('nothing where it is %s', async (_, change, state) => {
    const { server, client } = await faulty([ok(configuration(state))]);
    expect(await change({ client, bucket: 'bucket' })).toMatchObject({ changed: false });
    expect(server.requests).toHaveLength(1);
  });

  test('a server that ignores it', async () => {
    const none = configuration('');
    const { client } = await faulty([ok(none), { status: 200 }, ok(none)]);
    await expect(blockSseC({ client, bucket: 'bucket' })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: 'The server took the change, and "bucket" takes SSE-C all the same.',
    });
  });

  test('a server that resets the rest', async () => {
    const { client } = await faulty([
      ok(configuration(types('NONE'))),
      { status: 200 },
      ok(configuration(types('SSE-C'), 'false')),
    ]);
    await expect(blockSseC({ client, bucket: 'bucket' })).rejects.toMatchObject({
      code: 'SERVICE_REFUSED',
      message: 'SSE-C is blocked on "bucket", but its default encryption is not what it was.',
    });
  });

  test('never a PUT to a server that answered something else', async () => {
    const { server, client } = await faulty([ok(listing)]);
    await expect(blockSseC({ client, bucket: 'bucket' })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(server.requests).toHaveLength(1);
  });
});
