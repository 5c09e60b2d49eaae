import { stat } from 'node:fs/promises';
import { platform } from 'node:os';
import { resolve } from 'node:path';
import { withoutSecrets } from '../../endpoint.ts';
import { describeKeyChoice } from '../../settings/key-choice.ts';
import { type Setting, describeOrigin } from '../../settings/setting-layers.ts';
import { type Settings, looksLikeKeyMaterial } from '../../settings/settings.ts';
import { shellWord } from '../../shell-word.ts';
import { gitWarning } from '../git-ignore.ts';
import type { Io } from '../io.ts';
import type { Examination } from './examination.ts';

/**
 * Each setting, its value and where it comes from. What is secret is only said to be set.
 *
 * @param argument a bucket that the command line names by itself
 */
export async function checkSettings(
  report: Examination,
  settings: Settings,
  io: Io,
  argument: string | undefined,
): Promise<void> {
  const { bucket, objectKey, identity, endpoint, caBundle, addressing, region } = settings;
  const say = async (name: string, setting: Setting | undefined, value = setting?.value): Promise<void> => {
    if (setting === undefined) return;
    const from = setting.origin.layer === 'default' ? 'the default' : describeOrigin(setting.origin);
    await report.ok('setting', `${name}: ${value ?? ''} (${from})`);
  };
  if (argument === undefined) await say('bucket', bucket);
  else await report.ok('setting', `bucket: ${argument} (the argument)`);
  if (objectKey !== undefined && looksLikeKeyMaterial(objectKey.value))
    await report.warning(
      'setting',
      `object: set, and it looks like a customer key (${describeOrigin(objectKey.origin)})`,
      'the customer key belongs into SSE_CUSTOMER_KEY_BASE64',
    );
  else await say('object', objectKey);
  await say('region', region);
  await say('endpoint', endpoint, withoutSecrets(endpoint?.value ?? ''));
  if (endpoint === undefined) await report.ok('setting', 'endpoint: AWS (the default)');
  await say('CA', caBundle);
  await say('addressing', addressing);
  if (identity.kind === 'profile')
    await report.ok('setting', `profile: ${identity.name} (${describeOrigin(identity.origin)})`);
  else if (identity.kind === 'static')
    await report.ok(
      'setting',
      `access key: ${shownId(identity.accessKeyId)}, its secret is set (${describeOrigin(identity.origin)})`,
    );
  else
    await report.ok(
      'setting',
      'credentials: none are named; the default profile, or those of the machine or container, are used',
    );
  if (settings.key.kind !== 'ring')
    await report.ok(
      'setting',
      `customer key: ${settings.key.kind === 'none' ? 'set to nothing' : 'set'} (${describeKeyChoice(settings.key)})`,
    );
  for (const notice of settings.notices) await report.warning('setting', notice);
  if (io.env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    await report.warning(
      'setting',
      'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: ssec checks certificates all the same, other programs do not',
      'unset NODE_TLS_REJECT_UNAUTHORIZED',
    );
}

/** Ids are short; a long one may be the secret, put in the wrong place. */
function shownId(accessKeyId: string): string {
  return accessKeyId.length < 40 ? accessKeyId : 'set';
}

/** The files that hold secrets, or will hold what was decrypted: who else gets to see them. */
export async function checkFiles(report: Examination, settings: Settings, io: Io): Promise<void> {
  const { envFilePath, key } = settings;
  if (envFilePath !== undefined) await checkSecretFile(report, envFilePath, io);
  const ofKey = key.kind === 'file' && key.value !== '-' ? await gitWarning(io, key.value) : undefined;
  if (ofKey !== undefined) await report.warning('file', ...ofKey);
  const ofDownloads = await gitWarning(io, 'tmp/download', { folder: io.cwd, pattern: 'tmp/' });
  if (ofDownloads !== undefined) {
    const [message, ...hints] = ofDownloads;
    await report.warning('file', `${message}; downloads go there`, ...hints);
  }
}

async function checkSecretFile(report: Examination, path: string, io: Io): Promise<void> {
  const status = await stat(resolve(io.cwd, path)).catch(() => undefined);
  const isChecked = status?.isFile() === true && platform() !== 'win32';
  const isLoose = isChecked && (status.mode & 0o077) !== 0;
  const exposed = await gitWarning(io, path);
  if (isLoose)
    await report.warning('file', `"${path}" can be read by others`, `chmod 600 ${shellWord(path)}`);
  if (exposed !== undefined) await report.warning('file', ...exposed);
  if (!isLoose && exposed === undefined && isChecked)
    await report.ok('file', `"${path}" is read by you alone`);
}
