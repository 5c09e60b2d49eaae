import { SsecError } from '../../errors.ts';
import { describeKeyChoice } from '../../settings/key-choice.ts';
import { missingKeyHints } from '../../settings/missing-key-hints.ts';
import type { Settings } from '../../settings/settings.ts';
import { type CommandContext, loadKey } from '../session.ts';
import { asSsecError } from '../report-error.ts';
import { noDefault, openRing } from '../ring.ts';
import type { Examination } from './examination.ts';

/** Whether there is a customer key or a ring of them, and whether they can be used. */
export async function checkKey(
  report: Examination,
  context: CommandContext,
  settings: Settings,
): Promise<void> {
  const said: [string, ...string[]][] = [];
  const warn = (...warning: [string, ...string[]]): void => void said.push(warning);
  try {
    const key = await loadKey(context, settings, warn);
    const ring = key === undefined ? await openRing(context, settings, warn) : undefined;
    for (const warning of said) await report.warning('key', ...warning);
    if (ring !== undefined) {
      const count = `${ring.keys.length} key${ring.keys.length === 1 ? '' : 's'}`;
      if (ring.default === undefined) await report.warning('key', noDefault(ring));
      else
        await report.ok(
          'key',
          `the key ring ${ring.folder} holds ${count}; put writes with "${ring.default.name}", MD5 ${ring.default.customerKey.md5}`,
        );
    } else if (key === undefined)
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
