import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { shellWord } from '../../shell-word.ts';
import type { CommandContext } from '../session.ts';
import type { Reporter } from '../output/reporter.ts';
import type { RekeyKeys } from './rekey-keys.ts';
import type { RekeyOptions } from './rekey-options.ts';
import type { RekeySelection } from './rekey-many.ts';
import type { RekeyTally } from './rekey-tally.ts';

/** What no copy keeps, whoever makes it (AmazonS3/latest/API/API_CopyObject.html). */
export const NOT_KEPT =
  'ACLs, Object Lock terms, the time of last change (lifecycle rules count anew), checksums of parts';

/** Said before anything is copied. */
export const NOT_KEPT_NOTICE = `a copy does not keep ${NOT_KEPT}; archived objects are not copied`;

/** Said before anything is done to many objects. */
export function tellBefore(
  reporter: Reporter,
  keys: RekeyKeys,
  label: string,
  { dryRun }: RekeyOptions,
): void {
  if (dryRun === true) return;
  reporter.notice(`rekeying ${label} from ${keys.fromLabel} to ${keys.toLabel}`);
  reporter.notice(NOT_KEPT_NOTICE);
}

/** Old versions go on needing the old key: how many there are is said, so that nobody retires it too soon. */
export async function tellOldVersions(
  context: CommandContext,
  client: SsecClient,
  { from, label, isInPlace, takes }: RekeySelection,
  tally: RekeyTally,
  options: RekeyOptions,
): Promise<void> {
  const { reporter, io } = context;
  if (tally.oldVersions > 0) {
    reporter.notice(
      `${tally.oldVersions} ${tally.oldVersions === 1 ? 'object' : 'objects'} left a noncurrent version under the old key, which goes on needing it and costs money` +
        (options.deleteOldVersion === true
          ? ''
          : '; --delete-old-version deletes it once the copy is proved'),
    );
  }
  // a manifest is of no prefix, and elsewhere nothing became old
  if (from === undefined || !isInPlace || tally.seen === 0) return;
  const { bucketVersioning } = await import('../../bucket-inspection.ts');
  const { listObjectVersions } = await import('../../list-object-versions.ts');
  let count = 0;
  try {
    const answer = await bucketVersioning({ client, bucket: from.bucket, signal: io.signal });
    if (!answer.known || answer.value === 'Off') return;
    for await (const version of listObjectVersions({ client, ...from, signal: io.signal }))
      if (!version.isLatest && !version.isDeleteMarker && takes(version.key)) count += 1;
  } catch (error) {
    if (!(error instanceof SsecError) || error.code === 'CANCELLED') throw error;
    reporter.notice(`how many noncurrent versions there are could not be found out: ${error.message}`);
    return;
  }
  if (count > 0)
    reporter.notice(
      `${count} noncurrent versions under ${label} stay under the keys that they were put with: ssec ls -r --versions --long ${shellWord(label)} shows which`,
    );
}
