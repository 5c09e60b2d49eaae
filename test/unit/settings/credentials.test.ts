import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { SsecRequestHandler } from '../../../src/request-handler.ts';
import { loadProfile, sharedFiles } from '../../../src/settings/aws-profile.ts';
import { createCredentialsProvider } from '../../../src/settings/credentials.ts';
import type { Identity } from '../../../src/settings/identity.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { rejected } from '../support/thrown.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The shared files of AWS, with this in them, and an environment that says nothing else. */
function machine(config: string, credentials = ''): Record<string, string> {
  const folder = tempFolder();
  const env = {
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  writeFileSync(env.AWS_CONFIG_FILE, config);
  writeFileSync(env.AWS_SHARED_CREDENTIALS_FILE, credentials);
  for (const [name, value] of Object.entries({ ...env, AWS_PROFILE: '', AWS_ACCESS_KEY_ID: '' })) {
    vi.stubEnv(name, value);
  }
  return env;
}

async function provide(identity: Identity, env: Record<string, string>): Promise<unknown> {
  const files = sharedFiles(env);
  const profile =
    identity.kind === 'profile' ? await loadProfile(identity.name, files, { required: true }) : undefined;
  const handler = new SsecRequestHandler({});
  return createCredentialsProvider({ identity, profile, files, region: 'us-east-1', handler })();
}

const profile = (name: string): Identity => ({
  kind: 'profile',
  name,
  origin: { layer: 'environment', name: 'PROFILE' },
});

describe('who signs', () => {
  test('static keys, as they were given', async () => {
    const identity: Identity = {
      kind: 'static',
      accessKeyId: 'A',
      secretAccessKey: 'S',
      sessionToken: 'T',
      origin: { layer: 'environment', name: 'AWS_ACCESS_KEY_ID' },
    };
    expect(await provide(identity, machine(''))).toEqual({
      accessKeyId: 'A',
      secretAccessKey: 'S',
      sessionToken: 'T',
    });
  });

  test('a profile of the credentials file', async () => {
    const env = machine('', '[work]\naws_access_key_id = A\naws_secret_access_key = S\n');
    expect(await provide(profile('work'), env)).toMatchObject({ accessKeyId: 'A', secretAccessKey: 'S' });
  });

  test('a credential_process', async () => {
    const out = '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S"}';
    const env = machine(`[profile work]\ncredential_process = printf %s '${out}'\n`);
    expect(await provide(profile('work'), env)).toMatchObject({ accessKeyId: 'A', secretAccessKey: 'S' });
  });

  test('no warning of the SDK reaches the user', async () => {
    const warn = vi.spyOn(console, 'warn');
    const env = machine('[profile work]\nregion = eu-west-3\n');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'A');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S');
    await expect(provide(profile('work'), env)).rejects.toThrow();
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('a profile as a layer of settings', () => {
  test('its own, its services section and its s3 subsection', async () => {
    const files = sharedFiles(
      machine(
        '[profile work]\nregion = eu-west-3\nca_bundle = ca.pem\nservices = local\nendpoint_url = https://all.example\ns3 =\n  addressing_style = path\n[services local]\ns3 =\n  endpoint_url = https://s3.example\n',
      ),
    );
    expect((await loadProfile('work', files, { required: true }))?.values).toMatchObject({
      region: 'eu-west-3',
      ca_bundle: 'ca.pem',
      endpoint_url: 'https://s3.example',
      addressing_style: 'path',
    });
  });

  test('one that is not there: those there are', async () => {
    const files = sharedFiles(
      machine(
        '[profile b]\nregion = r\n[services x]\ns3 =\n  endpoint_url = u\n[sso-session y]\nsso_region = r\n',
        '[a]\nregion = r\n',
      ),
    );
    const error = await rejected(loadProfile('no', files, { required: true }));
    expect(error.code).toBe('SETTING_INVALID');
    expect(error.message).toContain('"no"');
    expect(error.hints.join('\n')).toContain('profiles here: a, b');
    expect(error.hints.join('\n')).not.toMatch(/services|sso-session/);
  });

  test('the default profile need not be there', async () => {
    expect(await loadProfile('default', sharedFiles(machine('')), { required: false })).toBeUndefined();
  });
});
