import { SsecError } from '../../errors.ts';
import type { SsecClient } from '../../client.ts';
import type { CommandContext, Connection } from '../session.ts';
import { asSsecError } from '../report-error.ts';
import type { Examination } from './examination.ts';

/** Credentials that end sooner than this may end within a transfer (milliseconds). */
const SOON_MS = 15 * 60_000;

/**
 * Whether there are credentials, until when, and whose.
 *
 * @param isReached whether the S3 server answers; where it is no AWS, it is the one to ask who signs
 * @returns whether requests can be signed
 */
export async function checkCredentials(
  report: Examination,
  context: CommandContext,
  client: SsecClient,
  connection: Connection,
  isReached: boolean,
): Promise<boolean> {
  const { signal } = context.io;
  let credentials;
  try {
    credentials = await connection.credentials();
  } catch (error) {
    if (signal.aborted) throw error;
    await report.failure('credentials', asSsecError(error, signal));
    return false;
  }
  const { expiration } = credentials;
  if (expiration === undefined && credentials.sessionToken === undefined)
    await report.ok('credentials', 'there are credentials, and they do not expire');
  else if (expiration === undefined)
    await report.ok('credentials', 'there are temporary credentials; when they expire is not known');
  else {
    const left = expiration.getTime() - Date.now();
    const until = `${expiration.toISOString().replace(/\.\d+Z$/, 'Z')}`;
    if (left <= 0) {
      await report.failure('credentials', expired(`The credentials expired at ${until}.`));
      return false;
    }
    if (left < SOON_MS)
      await report.warning('credentials', `the credentials expire soon, at ${until}`, 'get new ones');
    else await report.ok('credentials', `there are credentials, good until ${until}`);
  }
  if (isReached || client.isAws) await checkIdentity(report, context, client, { connection, credentials });
  return true;
}

async function checkIdentity(
  report: Examination,
  { io }: CommandContext,
  client: SsecClient,
  {
    connection,
    credentials,
  }: { connection: Connection; credentials: Awaited<ReturnType<Connection['credentials']>> },
): Promise<void> {
  const { getCallerIdentity } = await import('../../caller-identity.ts');
  const whose = client.isAws ? 'STS' : 'this server';
  try {
    const answer = await getCallerIdentity({
      credentials,
      region: client.region,
      endpoint: client.isAws ? undefined : client.endpoint,
      handler: connection.handler,
      signal: io.signal,
    });
    if (answer.known)
      await report.ok('identity', `you are ${answer.caller.arn} (account ${answer.caller.account})`);
    else if (client.isAws && isRefusal(answer.code)) await report.failure('identity', refused(answer.code));
    else await report.unknown('identity', `${whose} does not say who you are (HTTP ${answer.status})`);
  } catch (error) {
    if (io.signal.aborted) throw error;
    await report.unknown('identity', `${whose} could not be asked who you are`);
  }
}

/** A wrong signature may be a wrong clock's, and anything else is STS's own trouble: S3 will tell. */
function isRefusal(code: string | undefined): code is string {
  return ['InvalidClientTokenId', 'ExpiredToken', 'ExpiredTokenException'].includes(code ?? '');
}

function refused(code: string): SsecError {
  return code.startsWith('Expired')
    ? expired('The credentials have expired, says STS.')
    : new SsecError('CREDENTIALS_INVALID', `STS does not take these credentials (${code}).`, {
        hints: ['look at PROFILE or AWS_ACCESS_KEY_ID'],
      });
}

function expired(message: string): SsecError {
  return new SsecError('CREDENTIALS_EXPIRED', message, {
    hints: ['get new ones: aws sso login, or run the tool that lent them again'],
  });
}
