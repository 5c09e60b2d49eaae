import type { SsecClient } from '../../client.ts';
import { withoutSecrets } from '../../endpoint.ts';
import type { CommandContext, Connection } from '../session.ts';
import { asSsecError } from '../report-error.ts';
import type { Examination } from './examination.ts';

/** S3 refuses what is signed with a clock that is further off (milliseconds). */
const MAX_SKEW_MS = 15 * 60_000;
/** From here on it is said. */
const NOTED_SKEW_MS = 60_000;
/** A certificate that ends so soon is worth a word (milliseconds). */
const CERTIFICATE_SOON_MS = 14 * 86_400_000;

/**
 * The way to the server: proxy, DNS, TLS, and what its clock says.
 *
 * @returns whether it can be reached
 */
export async function checkServer(
  report: Examination,
  { io }: CommandContext,
  client: SsecClient,
  { network, handler }: Connection,
): Promise<boolean> {
  const { resolveHost, serverTime, shakeHands } = await import('../../server-contact.ts');
  const { awsServiceUrl } = await import('../../aws-partition.ts');
  const url = client.endpoint === undefined ? awsServiceUrl('s3', client.region) : new URL(client.endpoint);
  const { signal } = io;
  let check: 'proxy' | 'dns' | 'tls' | 'clock' = 'proxy';
  try {
    const proxy = network.proxyFor?.(`${url.origin}/`);
    if (proxy === undefined) {
      check = 'dns';
      const addresses = await resolveHost({ url, network, signal });
      if (addresses[0] !== url.hostname) await report.ok('dns', `${url.hostname} is ${addresses.join(', ')}`);
      check = 'tls';
      const tls = await shakeHands({ url, network, signal });
      const message = `${url.host} speaks ${tls.protocol} (${tls.cipher}); its certificate is from ${tls.issuer}, good until ${tls.validTo.toISOString().slice(0, 10)}`;
      if (tls.validTo.getTime() - Date.now() < CERTIFICATE_SOON_MS)
        await report.warning('tls', message, 'whoever runs the server must renew it');
      else await report.ok('tls', message);
    } else {
      await report.ok('proxy', `${url.host} is reached through ${withoutSecrets(proxy)}`);
    }
    check = proxy === undefined ? 'clock' : 'proxy';
    await checkClock(report, await serverTime({ url, signal }, handler));
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    await report.failure(check, asSsecError(error, signal));
    return false;
  }
}

async function checkClock(report: Examination, theirs: Date | undefined): Promise<void> {
  if (theirs === undefined) {
    await report.unknown('clock', 'the server does not say what time it is');
    return;
  }
  const skew = Date.now() - theirs.getTime();
  const off = Math.abs(skew);
  if (off < NOTED_SKEW_MS) {
    await report.ok('clock', "this machine's clock agrees with the server's");
    return;
  }
  const how = `this machine's clock is ${duration(off)} ${skew > 0 ? 'ahead of' : 'behind'} the server's`;
  const what =
    off < MAX_SKEW_MS
      ? ''
      : '; S3 refuses what is signed so, until ssec puts the time right, which costs a request each run';
  await report.warning('clock', how + what, 'set the clock (timedatectl set-ntp true)');
}

function duration(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
