import { arch, platform } from 'node:os';
import { version as nodeVersion } from 'node:process';
import type { SsecClient } from '../../client.ts';
import { SsecError } from '../../errors.ts';
import { type ObjectAddress, parseObjectAddress } from '../../object-address.ts';
import type { Settings } from '../../settings/settings.ts';
import type { DoctorOptions } from '../commands/doctor.ts';
import { namedBucket } from '../commands/named-bucket.ts';
import { asSsecError } from '../report-error.ts';
import { type CommandContext, type Connection, readSettings, withClient } from '../session.ts';
import { readVersion } from '../version.ts';
import { checkBucket } from './check-bucket.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkKey } from './check-key.ts';
import { checkRoundTrip } from './check-round-trip.ts';
import { checkServer } from './check-server.ts';
import { checkFiles, checkSettings } from './check-settings.ts';
import { Examination } from './examination.ts';

/**
 * Everything that stands between a user and SSE-C, from the near to the far. What rests on something that failed is
 * left out.
 *
 * @throws SsecError the code of the first failure
 */
export async function doctor(
  context: CommandContext,
  argument: string | undefined,
  options: DoctorOptions,
): Promise<void> {
  const { io, reporter } = context;
  const report = new Examination(context);
  await checkProgram(report, await readVersion(io));
  await examine(report, context, argument, options);
  io.signal.throwIfAborted();
  const { failure, warning, unknown } = report.counts;
  const first = report.firstFailure;
  if (first !== undefined) {
    throw new SsecError(first.code, failure === 1 ? 'One check failed.' : `${failure} checks failed.`);
  }
  const rest = [
    ...(warning === 0 ? [] : [`${warning} warning${warning === 1 ? '' : 's'}`]),
    ...(unknown === 0 ? [] : [`${unknown} unknown`]),
  ];
  reporter.notice(rest.length === 0 ? 'all is well' : `nothing failed; ${rest.join(', ')}`);
}

/** The oldest Node.js that is tested. */
const OLDEST_NODE = [20, 19] as const;

async function checkProgram(report: Examination, version: string): Promise<void> {
  const message = `ssec ${version}, Node.js ${nodeVersion} on ${platform()} ${arch()}`;
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (isOld) await report.warning('program', message, `install Node.js ${OLDEST_NODE.join('.')} or newer`);
  else await report.ok('program', message);
}

async function examine(
  report: Examination,
  context: CommandContext,
  argument: string | undefined,
  options: DoctorOptions,
): Promise<void> {
  let settings: Settings;
  let address: ObjectAddress | undefined;
  try {
    if (argument !== undefined) address = parseObjectAddress(argument);
    settings = await readSettings(context, { usesKey: true });
  } catch (error) {
    await fail(report, context, error);
    return;
  }
  const named = address?.bucket ?? argument;
  await checkSettings(report, settings, context.io, named);
  const bucket = await bucketToCheck(report, context, settings, named);
  await checkFiles(report, settings, context.io);
  await checkKey(report, context, settings);
  // then nothing is sent there, not even without a key
  if (report.firstFailure?.code === 'ENDPOINT_UNTRUSTED') return;
  try {
    await withClient(context, settings, async (client, connection) => {
      const prefix = address?.key ?? '';
      await examineServer(report, context, { settings, bucket, prefix, options, client, connection });
    });
  } catch (error) {
    await fail(report, context, error);
  }
}

interface Server {
  readonly settings: Settings;
  /** undefined where none was named. */
  readonly bucket: string | undefined;
  readonly prefix: string;
  readonly options: DoctorOptions;
  readonly client: SsecClient;
  readonly connection: Connection;
}

async function examineServer(report: Examination, context: CommandContext, server: Server): Promise<void> {
  const { settings, bucket, prefix, options, client, connection } = server;
  const isReached = await checkServer(report, context, client, connection);
  const isSigned = await checkCredentials(report, context, client, connection, isReached);
  if (!isReached || !isSigned || bucket === undefined) return;
  const { isThere, isBlocked } = await checkBucket(report, context, client, {
    bucket,
    prefix,
    region: settings.region,
  });
  if (!options.write || !isThere) return;
  if (isBlocked) await report.unknown('write', 'no object was put: the bucket blocks SSE-C');
  else await checkRoundTrip(report, context, client, { bucket, prefix, settings });
}

/** A bucket that is missing or wrong keeps nothing else from being looked at. */
async function bucketToCheck(
  report: Examination,
  context: CommandContext,
  settings: Settings,
  named: string | undefined,
): Promise<string | undefined> {
  try {
    return namedBucket(settings, named, 'doctor');
  } catch (error) {
    await fail(report, context, error);
    return undefined;
  }
}

/** A setting that is wrong is a finding, an interruption is none. */
async function fail(report: Examination, { io }: CommandContext, error: unknown): Promise<void> {
  if (io.signal.aborted) throw error;
  const failure = asSsecError(error, io.signal);
  await report.failure(failure.code === 'INTERNAL' ? 'program' : 'setting', failure);
}
