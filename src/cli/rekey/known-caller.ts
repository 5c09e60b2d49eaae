import type { SsecClient } from '../../client.ts';
import type { CommandContext, Connection } from '../session.ts';

/** The ARN that the credentials belong to; undefined where nobody says. */
export async function knownCaller(
  { io }: CommandContext,
  client: SsecClient,
  { credentials, handler }: Connection,
): Promise<string | undefined> {
  const { getCallerIdentity } = await import('../../caller-identity.ts');
  try {
    const answer = await getCallerIdentity({
      credentials: await credentials(),
      region: client.region,
      endpoint: client.isAws ? undefined : client.endpoint,
      handler,
      signal: io.signal,
    });
    return answer.known ? answer.caller.arn : undefined;
  } catch (error) {
    if (io.signal.aborted) throw error;
    return undefined;
  }
}
