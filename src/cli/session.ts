import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { SsecClient } from '../client.ts';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import type { KeyFormat } from '../keys/key-text.ts';
import { checkBucketName } from '../object-address.ts';
import type { NetworkOptions } from '../network-options.ts';
import { loadProfile, sharedFiles } from '../settings/aws-profile.ts';
import { loadEnvFile } from '../settings/env-file.ts';
import { resolveIdentity } from '../settings/identity.ts';
import { loadCustomerKey } from '../settings/key-source.ts';
import type { ProfileLayer, SettingLayers } from '../settings/setting-layers.ts';
import { type Settings, resolveSettings } from '../settings/settings.ts';
import { childEnvironment } from './child-environment.ts';
import type { Io } from './io.ts';
import { flagLayer } from './options.ts';
import type { Reporter } from './output/reporter.ts';

/** What every command's action is given. */
export interface CommandContext {
  readonly io: Io;
  readonly command: Command;
  readonly reporter: Reporter;
}

/** Settings, as far as they are known without a request. */
export async function loadSettings(
  context: CommandContext,
  options: { usesKey: boolean },
): Promise<Settings> {
  const { io, command, reporter } = context;
  const flag: unknown = command.getOptionValue('envFile');
  const envFile = await loadEnvFile({
    flag: typeof flag === 'string' ? flag : undefined,
    environment: io.env,
    cwd: io.cwd,
  });
  const layers: SettingLayers = {
    flags: flagLayer(command),
    environment: io.env,
    ...(envFile === undefined ? {} : { envFile }),
  };
  const profile = await profileLayer(layers, io);
  const settings = resolveSettings(profile === undefined ? layers : { ...layers, profile }, options);
  for (const notice of settings.notices) reporter.notice(notice);
  return settings;
}

/** The profile is a layer of its own, and which one it is the other layers say first. */
async function profileLayer(layers: SettingLayers, io: Io): Promise<ProfileLayer | undefined> {
  const identity = resolveIdentity(layers);
  const files = sharedFiles(io.env);
  if (identity.kind === 'profile') return loadProfile(identity.name, files, { required: true });
  return identity.kind === 'chain' ? loadProfile('default', files, { required: false }) : undefined;
}

/** The bucket that a command works on, checked. */
export function bucketOf(settings: Settings, fromAddress?: string): string {
  const bucket = fromAddress ?? settings.bucket?.value;
  if (bucket === undefined) {
    throw new SsecError('SETTING_INVALID', 'No bucket was named.', {
      hints: [
        'set it: echo BUCKET_NAME=my-bucket >> .env',
        'or pass -b BUCKET, or an address s3://bucket/key',
      ],
    });
  }
  checkBucketName(bucket);
  return bucket;
}

/** Reads the customer key and hides it from all output from here on. */
export async function loadKey(context: CommandContext, settings: Settings): Promise<CustomerKey | undefined> {
  const { io, command, reporter } = context;
  const key = await loadCustomerKey(settings.key, {
    format: command.getOptionValue('keyFormat') === 'text' ? 'text' : ('auto' satisfies KeyFormat),
    cwd: io.cwd,
    get stdin() {
      return io.stdin;
    },
    environment: childEnvironment(io),
    signal: io.signal,
    warn: (message, ...hints) => reporter.warning(message, ...hints),
  });
  if (key !== undefined) reporter.redactor.protectKey(key);
  return key;
}

/** The client for a command; the SDK is loaded here and not before. The caller closes it. */
export async function openClient(context: CommandContext, settings: Settings): Promise<SsecClient> {
  const { io, reporter } = context;
  const { SsecClient, parseEndpoint } = await import('../client.ts');
  // before the network: an http endpoint is refused whatever else is wrong
  if (settings.endpoint !== undefined) parseEndpoint(settings.endpoint.value);
  const { SsecRequestHandler } = await import('../request-handler.ts');
  const { createCredentialsProvider } = await import('../settings/credentials.ts');
  const network: NetworkOptions = {
    ...(await trust(settings, io)),
    ...(await proxy(io)),
    onRequest: (event) => reporter.request(event),
  };
  const { identity } = settings;
  const files = sharedFiles(io.env);
  const provide = createCredentialsProvider({
    identity,
    profile: await profileLayerOf(settings, io),
    files,
    region: settings.region.value,
    handler: new SsecRequestHandler(network),
  });
  return new SsecClient({
    ...network,
    region: settings.region.value,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint.value }),
    ...(settings.addressing === undefined ? {} : { addressing: settings.addressing.value }),
    credentials: async () => {
      const credentials = await provide();
      reporter.redactor.protectText(credentials.secretAccessKey);
      if (credentials.sessionToken !== undefined) reporter.redactor.protectText(credentials.sessionToken);
      return credentials;
    },
  });
}

async function profileLayerOf(settings: Settings, io: Io): Promise<ProfileLayer | undefined> {
  const { identity } = settings;
  return identity.kind === 'profile'
    ? loadProfile(identity.name, sharedFiles(io.env), { required: true })
    : undefined;
}

async function trust(settings: Settings, io: Io): Promise<{ ca?: string }> {
  if (settings.caBundle === undefined) return {};
  const { value, origin } = settings.caBundle;
  const path = resolve(io.cwd, value);
  let ca: string;
  try {
    ca = await readFile(path, 'utf8');
  } catch (cause) {
    throw new SsecError(
      'SETTING_INVALID',
      `The CA file "${value}" (${origin.name}) cannot be read: ${systemErrorCode(cause) ?? 'unknown'}.`,
      { cause },
    );
  }
  if (!ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new SsecError(
      'SETTING_INVALID',
      `The CA file "${value}" (${origin.name}) holds no PEM certificate.`,
    );
  }
  return { ca };
}

/** HTTPS_PROXY and its kin, which the SDK does not look at. */
async function proxy(io: Io): Promise<Pick<NetworkOptions, 'proxyFor'>> {
  const set = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].map((name) => io.env[name]);
  if (set.every((value) => value === undefined || value === '')) return {};
  const { getProxyForUrl } = await import('proxy-from-env');
  const bare = set.every((value) => value === undefined || !value.includes('://'));
  return {
    proxyFor: (url) => {
      const found = getProxyForUrl(url);
      if (found === '') return undefined;
      // "proxy:3128" means a proxy that is spoken to in http, as for curl
      return bare ? found.replace(/^https:/, 'http:') : found;
    },
  };
}
