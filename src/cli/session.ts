import { readFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AwsCredentials, SsecClient } from '../client.ts';
import { parseEndpoint } from '../endpoint.ts';
import { SsecError, systemErrorCode, withHints } from '../errors.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import type { KeyFormat } from '../keys/key-text.ts';
import { checkBucketName } from '../object-address.ts';
import type { NetworkOptions, RequestEvent } from '../network-options.ts';
import type { SsecRequestHandler } from '../request-handler.ts';
import { loadProfile, sharedFiles, unreadableSharedFile } from '../settings/aws-profile.ts';
import { loadEnvFile } from '../settings/env-file.ts';
import { resolveIdentity } from '../settings/identity.ts';
import { describeKeyChoice } from '../settings/key-choice.ts';
import { keyRingFolder } from '../settings/key-ring-folder.ts';
import { loadCustomerKey } from '../settings/key-source.ts';
import { type ProfileLayer, type SettingLayers, findSetting } from '../settings/setting-layers.ts';
import { stateFolder } from '../settings/state-folder.ts';
import { type Settings, refuseFoundKeyChoices, resolveSettings } from '../settings/settings.ts';
import { childEnvironment } from './child-environment.ts';
import type { Io } from './io.ts';
import { clientOptions, flagLayer } from './options.ts';
import { orInterrupted } from '../transfer/or-interrupted.ts';
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
  const settings = await readSettings(context, options);
  for (const notice of settings.notices) context.reporter.notice(notice);
  if (context.io.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    context.reporter.notice('NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect here: certificates are checked');
  return settings;
}

/** The same, and the notices are told by whoever asks. */
export async function readSettings(
  context: CommandContext,
  options: { usesKey: boolean },
): Promise<Settings> {
  const layers = await readLayers(context);
  const profile = await profileLayer(layers, context.io);
  return resolveSettings(profile === undefined ? layers : { ...layers, profile }, options);
}

/** Flags, environment and env file. */
async function readLayers({ io, command }: CommandContext): Promise<SettingLayers> {
  const flag: unknown = command.getOptionValue('env');
  const search = { flag: typeof flag === 'string' ? flag : undefined, environment: io.env, cwd: io.cwd };
  const envFile = await orInterrupted(loadEnvFile(search), io.signal);
  return {
    flags: flagLayer(command),
    environment: io.env,
    ...(envFile === undefined ? {} : { envFile }),
  };
}

/** The profile is a layer of its own, and which one it is the other layers say first. */
async function profileLayer(layers: SettingLayers, io: Io): Promise<ProfileLayer | undefined> {
  const identity = resolveIdentity(layers);
  const files = sharedFiles(io.env);
  if (identity.kind === 'profile') return loadProfile(identity.name, files, { required: true });
  return identity.kind === 'chain' ? loadProfile('default', files, { required: false }) : undefined;
}

/** The folder of the key ring, for commands that need no other setting. @throws SsecError SETTING_INVALID */
export async function ringFolder(context: CommandContext): Promise<string> {
  const layers = await readLayers(context);
  refuseFoundKeyChoices(layers);
  return requireRingFolder(context, { keyring: findSetting('keyring', layers) });
}

/**
 * The bucket that a command works on, checked.
 *
 * @param otherWay to name it on the command line, besides -b
 */
export function bucketOf(
  settings: Settings,
  fromAddress?: string,
  otherWay = 'an address s3://bucket/key',
): string {
  if (
    fromAddress !== undefined &&
    settings.bucket?.origin.layer === 'flag' &&
    settings.bucket.value !== fromAddress
  ) {
    throw new SsecError('USAGE', `-b names another bucket than "${fromAddress}"; give one.`);
  }
  const bucket = fromAddress ?? settings.bucket?.value;
  if (bucket === undefined) {
    throw new SsecError('SETTING_INVALID', 'No bucket was named.', {
      hints: ['set it: echo BUCKET_NAME=my-bucket >> .env', `or pass -b BUCKET, or ${otherWay}`],
    });
  }
  checkBucketName(bucket);
  return bucket;
}

/** A key out of a file that was named by itself. @throws SsecError KEY_MALFORMED, FILE_NOT_FOUND, ... */
export async function readKeyFile(context: CommandContext, path: string): Promise<CustomerKey> {
  const origin = { layer: 'flag', name: '--key-file' } as const;
  const key = await loadKey(context, { key: { kind: 'file', value: path, origin }, keyring: undefined });
  if (key === undefined) throw new SsecError('INTERNAL', 'A key file gave no key.');
  return key;
}

/** Reads the customer key and hides it from all output from here on. */
export async function loadKey(
  context: CommandContext,
  settings: Pick<Settings, 'key' | 'keyring'>,
  warn = (message: string, ...hints: string[]): void => context.reporter.warning(message, ...hints),
): Promise<CustomerKey | undefined> {
  const { io, command, reporter } = context;
  const reading = loadCustomerKey(settings.key, {
    format: command.getOptionValue('keyFormat') === 'text' ? 'text' : ('auto' satisfies KeyFormat),
    cwd: io.cwd,
    get stdin() {
      return io.stdin;
    },
    environment: childEnvironment(io),
    signal: io.signal,
    keyring: () => requireRingFolder(context, settings),
    warn,
  });
  const key = await orInterrupted(reading, io.signal);
  if (key !== undefined) {
    reporter.redactor.protectKey(key);
    const which = key.fingerprint === undefined ? 'a key of printable characters' : `MD5 ${key.fingerprint}`;
    reporter.detail(`customer key: ${describeKeyChoice(settings.key)}, ${which}`);
  }
  return key;
}

/** The folder of the key ring. @throws SsecError SETTING_INVALID where there is none */
export function requireRingFolder({ io }: CommandContext, settings: Pick<Settings, 'keyring'>): string {
  const folder = keyRingFolder(settings, io.env, platform());
  if (folder !== undefined) return resolve(io.cwd, folder);
  throw new SsecError('SETTING_INVALID', 'There is no place for a key ring.', {
    hints: ['name a folder: SSEC_KEYRING=/path/to/keys'],
  });
}

/** What a command's requests go over. */
export interface Connection {
  readonly network: NetworkOptions;
  /** For what is asked of others than S3, or without a client. */
  readonly handler: SsecRequestHandler;
  /** @throws SsecError CREDENTIALS_MISSING, CREDENTIALS_EXPIRED, ... */
  readonly credentials: () => Promise<AwsCredentials>;
}

/**
 * Runs a command's requests; the SDK is loaded here and not before, and every connection is closed behind them.
 */
export async function withClient(
  context: CommandContext,
  settings: Settings,
  use: (client: SsecClient, connection: Connection) => Promise<void>,
): Promise<void> {
  const { io, reporter } = context;
  // before anything heavy: an http endpoint is refused whatever else is wrong
  if (settings.endpoint !== undefined) parseEndpoint(settings.endpoint.value);
  const { SsecClient } = await import('../client.ts');
  const { SsecRequestHandler } = await import('../request-handler.ts');
  const { createCredentialsProvider } = await import('../settings/credentials.ts');
  const { credentialsError } = await import('../credentials-error.ts');
  const network = {
    ...(await trust(settings, io)),
    ...(await proxy(io)),
    ...clientOptions(context.command),
    onRequest: (event: RequestEvent) => reporter.request(event),
  };
  const handler = new SsecRequestHandler(network);
  const provide = createCredentialsProvider({
    identity: settings.identity,
    profile: settings.profile,
    files: sharedFiles(io.env),
    region: settings.region.value,
    handler,
  });
  const credentials = async (): Promise<AwsCredentials> => {
    const provided = await orInterrupted(provide(), io.signal).catch(async (error: unknown) => {
      const failure = credentialsError(error, settings.profile?.name);
      const unreadable =
        failure.code === 'CREDENTIALS_MISSING' ? await unreadableSharedFile(sharedFiles(io.env)) : undefined;
      throw unreadable ?? aboutLoneSecret(failure, io.env);
    });
    reporter.redactor.protectText(provided.secretAccessKey);
    if (provided.sessionToken !== undefined) reporter.redactor.protectText(provided.sessionToken);
    return provided;
  };
  const client = new SsecClient({
    ...network,
    region: settings.region.value,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint.value }),
    ...(settings.addressing === undefined ? {} : { addressing: settings.addressing.value }),
    credentials,
  });
  try {
    await use(client, { network, handler, credentials });
  } finally {
    client.close();
    handler.destroy();
  }
}

/** A secret without its id: whoever set it meant to sign with it. */
function aboutLoneSecret(failure: SsecError, env: Io['env']): SsecError {
  const isLone = (env['AWS_SECRET_ACCESS_KEY'] ?? '') !== '' && (env['AWS_ACCESS_KEY_ID'] ?? '') === '';
  return isLone && failure.code === 'CREDENTIALS_MISSING'
    ? withHints(failure, ['AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not set beside it'])
    : failure;
}

/** Where unfinished transfers are noted; undefined = nowhere, as with `--no-resume`. */
export function journalFolder({ io, command }: CommandContext): string | undefined {
  if (command.getOptionValue('resume') === false) return undefined;
  return stateFolder(io.env, platform(), io.env['HOME'] ?? '');
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
  const names = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];
  const set = names.filter((name) => io.env[name] !== undefined && io.env[name] !== '');
  if (set.length === 0) return {};
  const find = await io.loadProxyFinder();
  const bare = set.every((name) => io.env[name]?.includes('://') !== true);
  return {
    proxyFor: (url) => {
      const found = find(url);
      if (found === '') return undefined;
      // "proxy:3128" means a proxy that is spoken to in http, as for curl
      return checkProxy(bare ? found.replace(/^https:/, 'http:') : found, set.join(' or '));
    },
  };
}

/** @throws SsecError SETTING_INVALID for what is no proxy that CONNECT can be asked of */
function checkProxy(proxy: string, names: string): string {
  try {
    const { protocol, username, password } = new URL(proxy);
    decodeURIComponent(username + password);
    if (protocol === 'http:' || protocol === 'https:') return proxy;
  } catch {
    // said below, without the password that may stand in it
  }
  throw new SsecError('SETTING_INVALID', `${names} is not the URL of an http or https proxy.`, {
    hints: ['write it as http://proxy:3128', 'NO_PROXY names hosts that are reached directly'],
  });
}
