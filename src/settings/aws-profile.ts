import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SsecError, systemErrorCode } from '../errors.ts';
import type { ProfileLayer } from './setting-layers.ts';

/** Where AWS's two shared files are; undefined = in the home folder. */
export interface SharedFiles {
  readonly configFilepath?: string;
  readonly filepath?: string;
}

/** The shared files as named by the standard variables. */
export function sharedFiles(environment: Readonly<Record<string, string | undefined>>): SharedFiles {
  const config = environment['AWS_CONFIG_FILE'];
  const credentials = environment['AWS_SHARED_CREDENTIALS_FILE'];
  return {
    ...(config === undefined || config === '' ? {} : { configFilepath: config }),
    ...(credentials === undefined || credentials === '' ? {} : { filepath: credentials }),
  };
}

/**
 * A profile of `~/.aws/config` and `~/.aws/credentials`, with its `services` section and its `s3` subsection
 * brought to one level: `endpoint_url` and `addressing_style` are S3's own where there are such.
 *
 * @param required false for the default profile that nobody named
 * @throws SsecError SETTING_INVALID for a profile that is not there, the hint lists those that are; FILE_UNREADABLE
 */
export async function loadProfile(
  name: string,
  files: SharedFiles,
  options: { required: boolean },
): Promise<ProfileLayer | undefined> {
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ...files, ignoreCache: true });
  const config = configFile[name];
  const credentials = credentialsFile[name];
  if (config === undefined && credentials === undefined) {
    if (!options.required) return undefined;
    const unreadable = await unreadableSharedFile(files);
    if (unreadable !== undefined) throw unreadable;
    const known = [...new Set([...Object.keys(configFile), ...Object.keys(credentialsFile)])]
      .filter((profile) => !/^(services|sso-session)\./.test(profile))
      .sort();
    throw new SsecError('SETTING_INVALID', `There is no AWS profile "${name}".`, {
      hints: [
        known.length === 0
          ? 'there is no profile at all yet: aws configure --profile NAME'
          : `profiles here: ${known.join(', ')}`,
        'an empty PROFILE= means no profile',
      ],
    });
  }
  const services =
    config?.['services'] === undefined ? undefined : configFile[`services.${config['services']}`];
  const values = {
    ...config,
    ...credentials,
    endpoint_url: services?.['s3.endpoint_url'] ?? config?.['endpoint_url'],
    addressing_style: config?.['s3.addressing_style'],
  };
  return { name, values };
}

/** Why one of the two files cannot be read: the SDK takes it for one that is not there. */
export async function unreadableSharedFile(files: SharedFiles): Promise<SsecError | undefined> {
  const { getHomeDir } = await import('@smithy/core/config');
  const folder = join(getHomeDir(), '.aws');
  for (const path of [
    files.configFilepath ?? join(folder, 'config'),
    files.filepath ?? join(folder, 'credentials'),
  ]) {
    const cause = await readFile(path).then(
      () => undefined,
      (error: unknown) => error,
    );
    const code = systemErrorCode(cause);
    if (code === undefined || code === 'ENOENT' || code === 'ENOTDIR') continue;
    return new SsecError('FILE_UNREADABLE', `The AWS file "${path}" cannot be read (${code}).`, { cause });
  }
  return undefined;
}
