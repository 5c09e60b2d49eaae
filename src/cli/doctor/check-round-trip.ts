import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import type { TrialObject } from '../../trial-object.ts';
import { shellWord } from '../../shell-word.ts';
import { asSsecError } from '../report-error.ts';
import type { CommandContext } from '../session.ts';
import type { Examination } from './examination.ts';

/**
 * A small object up, asked for without its key, down, and away again; in between, what else the server can do.
 */
export async function checkRoundTrip(
  report: Examination,
  { io }: CommandContext,
  client: SsecClient,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
): Promise<void> {
  const { signal } = io;
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
    await checkLocked(report, trial, io.signal);
    await checkRead(report, trial, io.signal);
    await checkAbilities(report, trial, io.signal);
  } finally {
    await remove(report, trial);
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

async function checkAbilities(report: Examination, trial: TrialObject, signal: AbortSignal): Promise<void> {
  const { probeAbilities } = await import('../../server-abilities.ts');
  try {
    for await (const { ability, present, left } of probeAbilities(trial)) {
      const { has, lacks } = ABILITIES[ability];
      if (present === undefined)
        await report.unknown('ability', `these credentials may not ask whether the server ${has}`);
      else if (present) await report.ok('ability', `the server ${has}`);
      else await report.warning('ability', `the server ${lacks}`);
      if (left !== undefined) await report.warning('delete', ...leftBehind(left));
    }
  } catch (error) {
    if (signal.aborted) throw error;
    await report.failure('ability', asSsecError(error, signal));
  }
}

async function remove(report: Examination, trial: TrialObject): Promise<void> {
  try {
    await trial.remove();
    await report.ok('delete', 'the object was taken away again');
  } catch {
    await report.warning('delete', ...leftBehind(trial.address));
  }
}

function leftBehind(address: string): [string, string] {
  return [`${address} could not be deleted again`, `delete it: aws s3 rm ${shellWord(address)}`];
}
