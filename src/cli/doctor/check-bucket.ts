import { bucketRegion, mayList } from '../../bucket-access.ts';
import type { SsecClient } from '../../client.ts';
import type { Setting } from '../../settings/setting-layers.ts';
import { describeOrigin } from '../../settings/setting-layers.ts';
import { asSsecError } from '../report-error.ts';
import type { CommandContext } from '../session.ts';
import type { Examination } from './examination.ts';

interface BucketToCheck {
  readonly bucket: string;
  readonly prefix: string;
  /** As it is set. */
  readonly region: Setting;
}

/** What the bucket says of itself, as far as the credentials may ask. */
export async function checkBucket(
  report: Examination,
  { io }: CommandContext,
  client: SsecClient,
  target: BucketToCheck,
): Promise<{ readonly isThere: boolean; readonly isBlocked: boolean }> {
  const { bucket, prefix } = target;
  const options = { client, bucket, signal: io.signal };
  try {
    const isListed = await mayList(options, prefix);
    if (isListed) {
      await report.ok('bucket', `there is a bucket "${bucket}"`);
      await report.ok('list', 'its objects may be listed');
    } else {
      await report.unknown('bucket', `whether there is a bucket "${bucket}" could not be asked`);
      await report.unknown(
        'list',
        'its objects may not be listed: an object that is not there looks like one that may not be read',
        'ask for s3:ListBucket',
      );
    }
    await checkRegion(report, client, target, await bucketRegion(options));
  } catch (error) {
    if (io.signal.aborted) throw error;
    await report.failure('bucket', asSsecError(error, io.signal));
    return { isThere: false, isBlocked: false };
  }
  return { isThere: true, isBlocked: false };
}

/** The client has followed the bucket to its region by now. */
async function checkRegion(
  report: Examination,
  client: SsecClient,
  { region }: BucketToCheck,
  named: string | undefined,
): Promise<void> {
  const actual = named ?? client.region;
  if (actual === region.value) {
    if (named !== undefined) await report.ok('region', `it lies in ${named}, as is set`);
    return;
  }
  const where =
    region.origin.layer === 'default'
      ? 'no region is set'
      : `${describeOrigin(region.origin)} is ${region.value}`;
  await report.warning(
    'region',
    `the bucket lies in ${actual}, and ${where}: each run loses a request by that`,
    `set it: AWS_REGION=${actual}, or --region ${actual}`,
  );
}
