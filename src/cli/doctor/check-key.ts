import { SsecError } from '../../errors.ts';
import { describeKeyChoice } from '../../settings/key-choice.ts';
import { missingKeyHints } from '../../settings/missing-key-hints.ts';
import type { Settings } from '../../settings/settings.ts';
import { type CommandContext, loadKey } from '../session.ts';
import { asSsecError } from '../report-error.ts';
import type { Examination } from './examination.ts';

/** Whether there is a customer key, and whether it is one. */
export async function checkKey(
  report: Examination,
  context: CommandContext,
  settings: Settings,
): Promise<void> {
  const said: [string, ...string[]][] = [];
  try {
    const key = await loadKey(context, settings, (...warning) => said.push(warning));
    for (const warning of said) await report.warning('key', ...warning);
    if (key === undefined)
      await report.failure(
        'key',
        new SsecError('KEY_MISSING', 'There is no customer key.', {
          hints: missingKeyHints(context.io.env),
        }),
      );
    else if (key.weak)
      await report.warning(
        'key',
        'the customer key is 32 printable characters, which is not enough secret for a 256-bit key',
        'make a random key for new objects: ssec keygen -o my.key',
      );
    else
      await report.ok(
        'key',
        `the customer key is well formed: MD5 ${key.md5} (${describeKeyChoice(settings.key)})`,
      );
  } catch (error) {
    if (context.io.signal.aborted) throw error;
    await report.failure('key', asSsecError(error, context.io.signal));
  }
}
