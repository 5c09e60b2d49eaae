import type { AwsCredentials } from '../client.ts';
import { type SsecRequestHandler, silentLogger } from '../request-handler.ts';
import type { SharedFiles } from './aws-profile.ts';
import type { Identity } from './identity.ts';
import type { ProfileLayer } from './setting-layers.ts';

export interface CredentialsOptions {
  readonly identity: Identity;
  readonly profile: ProfileLayer | undefined;
  readonly files: SharedFiles;
  readonly region: string;
  /** STS and SSO are asked through the same proxy and with the same trust as S3. */
  readonly handler: SsecRequestHandler;
}

/** What in a profile says how its credentials are come by; without any, the machine's own are meant. */
const CREDENTIAL_FIELDS = [
  'aws_access_key_id',
  'role_arn',
  'web_identity_token_file',
  'credential_process',
  'credential_source',
  'sso_session',
  'sso_start_url',
  'login_session',
];

/** The one provider that the S3 client is handed. */
export function createCredentialsProvider(options: CredentialsOptions): () => Promise<AwsCredentials> {
  const { identity } = options;
  if (identity.kind === 'static') {
    const { accessKeyId, secretAccessKey, sessionToken } = identity;
    const credentials = {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    };
    return () => Promise.resolve(credentials);
  }
  let provider: Promise<() => Promise<AwsCredentials>> | undefined;
  return async () => {
    provider ??= loadProvider(options);
    return (await provider)();
  };
}

async function loadProvider(options: CredentialsOptions): Promise<() => Promise<AwsCredentials>> {
  const { identity, profile, files, region, handler } = options;
  const { fromIni, fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  // no region here: SSO is asked in its own, and it would be overridden; STS is asked in the parent's
  const clientConfig = { requestHandler: handler };
  const parentClientConfig = { region: () => Promise.resolve(region) };
  const inProfile =
    identity.kind === 'profile' && CREDENTIAL_FIELDS.some((field) => profile?.values[field] !== undefined);
  // without a logger the SDK warns on the console: it cannot know that the choice was made here
  const common = { clientConfig, parentClientConfig, logger: silentLogger, ...files };
  if (inProfile) return fromIni({ ...common, profile: identity.name, ignoreCache: true });
  return fromNodeProviderChain({
    ...common,
    ...(identity.kind === 'profile' ? { profile: identity.name } : {}),
  });
}
