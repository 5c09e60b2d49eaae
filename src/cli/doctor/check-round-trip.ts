import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { Settings } from '../../settings/settings.ts';
import type { TrialObject } from '../../trial-object.ts';
import { asSsecError } from '../report-error.ts';
import type { CommandContext } from '../session.ts';
import type { Examination } from './examination.ts';
import { leftBehind } from './left-behind.ts';

interface TripOptions {
  readonly bucket: string;
  readonly prefix: string;
  readonly settings: Settings;
}

/**
 * A small object up, asked for without its key, down, and away again; in between, what else the server can do.
 */
export async function checkRoundTrip(
  report: Examination,
  context: CommandContext,
  client: SsecClient,
  { bucket, prefix, settings }: TripOptions,
): Promise<void> {
  const { signal } = context.io;
  const { TrialObject: Trial } = await import('../../trial-object.ts');
  let trial: TrialObject;
  try {
    trial = await Trial.put({ client, bucket, prefix, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    await report.failure('write', asSsecError(error, signal));
    return;
  }
  try {
    await report.ok('write', `an object was put under a customer key, and the server echoed the key's MD5`);
    await checkLocked(report, trial, signal);
    await checkRead(report, trial, signal);
    await checkAbilities(report, trial, settings, signal);
  } finally {
    await remove(report, context, trial, settings);
  }
}

async function checkLocked(report: Examination, trial: TrialObject, signal: AbortSignal): Promise<void> {
  try {
    const locked = await trial.isLocked();
    if (locked === true)
      await report.ok('locked', 'without the key the server refuses the object: it is encrypted under it');
    else if (locked === undefined)
      await report.unknown(
        'locked',
        'whether the object is encrypted could not be asked: these credentials may not read it',
        'ask for s3:GetObject',
      );
    else
      await report.failure(
        'locked',
        new SsecError(
          'KEY_IGNORED',
          'The server shows the object without the key: it took the key and did not use it.',
          { hints: ['use a server that does SSE-C; docs/compatibility.md lists some'] },
        ),
      );
  } catch (error) {
    if (signal.aborted) throw error;
    await report.failure('locked', asSsecError(error, signal));
  }
}

async function checkRead(report: Examination, trial: TrialObject, signal: AbortSignal): Promise<void> {
  try {
    await trial.read();
    await report.ok('read', 'with the key the same bytes came back');
  } catch (error) {
    if (signal.aborted) throw error;
    const failure = asSsecError(error, signal);
    // who only uploads does well to have no more
    if (failure.code === 'ACCESS_DENIED')
      await report.unknown('read', 'these credentials may not read objects', 'ask for s3:GetObject');
    // what could be done about somebody's key is nothing here
    else if (failure.code === 'KEY_MISMATCH' || failure.code === 'KEY_NOT_NEEDED')
      await report.failure(
        'read',
        new SsecError(
          failure.code,
          'The server does not give the object back under the key that it was put with.',
          {
            context: failure.context,
          },
        ),
      );
    else await report.failure('read', failure);
  }
}

const ABILITIES = {
  'additional-checksums': {
    has: 'keeps the checksum of an object, and shows it',
    lacks: 'keeps no checksums (x-amz-checksum-*): a download is proved by its size alone',
  },
  'get-object-attributes': {
    has: 'knows GetObjectAttributes',
    lacks: 'does not know GetObjectAttributes',
  },
  'conditional-writes': {
    has: 'refuses a conditional write over an object (--no-overwrite)',
    lacks: 'ignores conditions on writes: --no-overwrite does not protect there',
  },
  'copy-between-keys': {
    has: 'copies from one customer key to another by itself',
    lacks: 'does not copy between customer keys: an object goes to another key by get and put',
  },
};

async function checkAbilities(
  report: Examination,
  trial: TrialObject,
  settings: Settings,
  signal: AbortSignal,
): Promise<void> {
  const { probeAbilities } = await import('../../server-abilities.ts');
  try {
    for await (const { ability, present, why, left } of probeAbilities(trial)) {
      const { has, lacks } = ABILITIES[ability];
      if (why !== undefined)
        await report.unknown(
          'ability',
          `whether the server ${has} could not be asked: ${why.message}`,
          ...why.hints,
        );
      else if (present === undefined)
        await report.unknown('ability', `these credentials may not ask whether the server ${has}`);
      else if (present) await report.ok('ability', `the server ${has}`);
      else await report.warning('ability', `the server ${lacks}`);
      if (left !== undefined) await report.warning('delete', ...leftBehind(left, settings));
    }
  } catch (error) {
    if (signal.aborted) throw error;
    await report.failure('ability', asSsecError(error, signal));
  }
}

/** After an interruption too; that it takes a moment, and what a second one would leave, is said. */
async function remove(
  report: Examination,
  { io, reporter }: CommandContext,
  trial: TrialObject,
  settings: Settings,
): Promise<void> {
  const told = (): void =>
    reporter.notice(`${trial.address} is taken away first; interrupted once more, it stays there`);
  if (io.signal.aborted) told();
  else io.signal.addEventListener('abort', told, { once: true });
  const left = await trial.remove();
  io.signal.removeEventListener('abort', told);
  if (left === undefined) await report.ok('delete', 'the object was taken away again');
  else await report.warning('delete', ...leftBehind(left, settings));
  io.signal.throwIfAborted();
}
