import { fromIni } from '@aws-sdk/credential-providers';
import { randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { loadProfile, sharedFiles } from '../../src/settings/aws-profile.ts';
import { contractSuite } from '../contract/contract-suite.ts';

/**
 * The contract on AWS itself. It costs some cents of requests, so it wants three variables:
 *
 *   SSEC_TEST_AWS=I-know-this-costs-money
 *   SSEC_TEST_AWS_BUCKET   a bucket that takes SSE-C; only objects below a fresh prefix are touched, and removed
 *   SSEC_TEST_AWS_PROFILE  may put, get, list and delete there, and read the bucket's encryption
 */
const guard = process.env['SSEC_TEST_AWS'];
const bucket = process.env['SSEC_TEST_AWS_BUCKET'] ?? '';
const profile = process.env['SSEC_TEST_AWS_PROFILE'] ?? '';

if (guard !== 'I-know-this-costs-money' || bucket === '' || profile === '') {
  const why =
    'AWS is left alone: set SSEC_TEST_AWS=I-know-this-costs-money, SSEC_TEST_AWS_BUCKET and SSEC_TEST_AWS_PROFILE';
  process.stderr.write(`${why}\n`);
  test.skip(why);
} else {
  contractSuite('aws', async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = await fromIni({ profile })();
    const layer = await loadProfile(profile, sharedFiles(process.env), { required: true });
    return {
      name: 'aws',
      endpoint: undefined,
      caPem: undefined,
      region: layer?.values['region'] ?? process.env['AWS_REGION'] ?? 'us-east-1',
      credentials: {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
      bucket,
      prefix: `ssec-test-${randomBytes(8).toString('hex')}/`,
      ownsBuckets: false,
      close: () => Promise.resolve(),
    };
  });
}
