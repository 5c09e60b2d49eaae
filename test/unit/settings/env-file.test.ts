import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { EnvFile } from '../../../src/settings/setting-layers.ts';
import { loadEnvFile, parseEnvText } from '../../../src/settings/env-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { rejected } from '../support/thrown.ts';

function load(
  cwd: string,
  how: { flag?: string; environment?: Record<string, string> } = {},
): Promise<EnvFile | undefined> {
  return loadEnvFile({ flag: how.flag, environment: how.environment ?? {}, cwd });
}

describe('which file', () => {
  test('./.env is found', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'BUCKET_NAME=b\n');
    expect(await load(cwd)).toEqual({ path: '.env', named: false, values: { BUCKET_NAME: 'b' } });
  });

  test('none is no error', async () => {
    expect(await load(tempFolder())).toBeUndefined();
  });

  test('one further up is never found', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'BUCKET_NAME=b\n');
    mkdirSync(join(cwd, 'below'));
    expect(await load(join(cwd, 'below'))).toBeUndefined();
  });

  test('a folder called .env is a Python environment', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, '.env'));
    expect(await load(cwd)).toBeUndefined();
  });

  test('--env names one, relative to the current folder', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'BUCKET_NAME=found\n');
    writeFileSync(join(cwd, 'my.env'), 'BUCKET_NAME=named\n');
    expect(await load(cwd, { flag: 'my.env' })).toEqual({
      path: 'my.env',
      named: true,
      values: { BUCKET_NAME: 'named' },
    });
  });

  test('--env .env makes the same file a named one', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'BUCKET_NAME=b\n');
    expect(await load(cwd, { flag: '.env' })).toMatchObject({ path: '.env', named: true });
  });

  test('SSEC_ENV_FILE names one, and the flag beats it', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, 'a.env'), 'BUCKET_NAME=a\n');
    writeFileSync(join(cwd, 'b.env'), 'BUCKET_NAME=b\n');
    const environment = { SSEC_ENV_FILE: join(cwd, 'a.env') };
    expect(await load(cwd, { environment })).toMatchObject({ named: true, values: { BUCKET_NAME: 'a' } });
    expect(await load(cwd, { environment, flag: 'b.env' })).toMatchObject({ values: { BUCKET_NAME: 'b' } });
  });

  test('an empty SSEC_ENV_FILE means none, not even ./.env', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'BUCKET_NAME=b\n');
    expect(await load(cwd, { environment: { SSEC_ENV_FILE: '' } })).toBeUndefined();
  });

  test('an empty --env is an error', async () => {
    expect((await rejected(load(tempFolder(), { flag: '' }))).code).toBe('SETTING_INVALID');
  });

  test('a named file must be there', async () => {
    const error = await rejected(load(tempFolder(), { flag: 'no.env' }));
    expect(error.code).toBe('FILE_NOT_FOUND');
    expect(error.message).toContain('"no.env"');
  });

  test('a named folder is an error', async () => {
    const cwd = tempFolder();
    mkdirSync(join(cwd, 'dir'));
    expect((await rejected(load(cwd, { flag: 'dir' }))).code).toBe('FILE_UNREADABLE');
  });

  test.skipIf(process.getuid?.() === 0)('a found file that may not be read is an error', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'BUCKET_NAME=b\n');
    chmodSync(join(cwd, '.env'), 0);
    expect((await rejected(load(cwd))).code).toBe('FILE_UNREADABLE');
  });
});

describe('what it says', () => {
  const key = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
  test.each<[string, string, Record<string, string>]>([
    [
      'the file that people have today',
      `BUCKET_NAME="my-bucket"\nKEY='sample.jpg'\nSSE_CUSTOMER_KEY_BASE64="${key}"\nSSE_CUSTOMER_KEY_MD5="DWygnHRtgiJ77HCm+1rvHw=="\nPROFILE="default"\n`,
      {
        BUCKET_NAME: 'my-bucket',
        KEY: 'sample.jpg',
        SSE_CUSTOMER_KEY_BASE64: key,
        SSE_CUSTOMER_KEY_MD5: 'DWygnHRtgiJ77HCm+1rvHw==',
        PROFILE: 'default',
      },
    ],
    ['no quotes', `SSE_CUSTOMER_KEY_BASE64=${key}`, { SSE_CUSTOMER_KEY_BASE64: key }],
    ['CRLF', 'BUCKET_NAME=b\r\nKEY="k"\r\n', { BUCKET_NAME: 'b', KEY: 'k' }],
    ['a byte order mark', '\uFEFFBUCKET_NAME=b\n', { BUCKET_NAME: 'b' }],
    ['export', 'export BUCKET_NAME=b\nexport KEY="k"\n', { BUCKET_NAME: 'b', KEY: 'k' }],
    ['comments and blank lines', '# BUCKET_NAME=no\n\nBUCKET_NAME=b # mine\n', { BUCKET_NAME: 'b' }],
    ['blanks around the sign', 'BUCKET_NAME = b \n', { BUCKET_NAME: 'b' }],
    [
      'set to nothing',
      'SSE_CUSTOMER_KEY_BASE64=\nPROFILE=""\n',
      { SSE_CUSTOMER_KEY_BASE64: '', PROFILE: '' },
    ],
    ['a # inside quotes', 'KEY="a # b.jpg"\n', { KEY: 'a # b.jpg' }],
    ['a $ is a $', 'KEY=$HOME/${USER}.jpg\n', { KEY: '$HOME/${USER}.jpg' }],
    ['the last one of two', 'KEY=a\nKEY=b\n', { KEY: 'b' }],
    ['empty', '', {}],
  ])('%s', (_name, text, values) => {
    expect(parseEnvText(text)).toEqual(values);
  });

  test('nothing of it gets into the environment', async () => {
    const cwd = tempFolder();
    writeFileSync(join(cwd, '.env'), 'SSEC_TEST_LEAK=1\n');
    await load(cwd);
    expect(process.env['SSEC_TEST_LEAK']).toBeUndefined();
  });
});
