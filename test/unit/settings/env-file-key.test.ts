import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { insertKey, writeKeyToEnvFile } from '../../../src/settings/env-file-key.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { allText, expectNoPart, rejected, thrown } from '../support/thrown.ts';

const key = CustomerKey.fromBytes(Buffer.from('pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=', 'base64'));
const other = '6b+WOZ1T3cqZMxgThRcXAQBrS5mXKdDUphvpxptl9/4=';
const K = `SSE_CUSTOMER_KEY_BASE64=${key.toBase64()}`;
const M = `SSE_CUSTOMER_KEY_MD5=${key.md5}`;

describe('the key in the text of an env file', () => {
  test.each<[string, string, string]>([
    ['a new file', '', `${K}\n${M}\n`],
    ['at the end', 'BUCKET_NAME=b\n', `BUCKET_NAME=b\n${K}\n${M}\n`],
    ['at the end, behind a last line without a line end', 'BUCKET_NAME=b', `BUCKET_NAME=b\n${K}\n${M}\n`],
    ['in place of an empty line', 'A=1\nSSE_CUSTOMER_KEY_BASE64=\nB=2\n', `A=1\n${K}\n${M}\nB=2\n`],
    ['in place of empty quotes', 'SSE_CUSTOMER_KEY_BASE64=""\nB=2\n', `${K}\n${M}\nB=2\n`],
    [
      'in place of the placeholder, with its digest',
      'BUCKET_NAME="XXXX"\nSSE_CUSTOMER_KEY_BASE64="XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX="\nKEY="k"\nSSE_CUSTOMER_KEY_MD5="XXXXXXXXXXXXXXXXXXXXXX=="\nPROFILE="default"\n',
      `BUCKET_NAME="XXXX"\n${K}\nKEY="k"\n${M}\nPROFILE="default"\n`,
    ],
    [
      'comments and blank lines stay',
      '# mine\n\nSSE_CUSTOMER_KEY_BASE64=\n\n# end',
      `# mine\n\n${K}\n${M}\n\n# end`,
    ],
    ['a comment that names the key is no key', `# ${K}x\nA=1\n`, `# ${K}x\nA=1\n${K}\n${M}\n`],
    [
      'a longer name is another variable',
      'SSE_CUSTOMER_KEY_BASE64_OLD=x\n',
      `SSE_CUSTOMER_KEY_BASE64_OLD=x\n${K}\n${M}\n`,
    ],
    ['CRLF stays', 'A=1\r\nSSE_CUSTOMER_KEY_BASE64=\r\nB=2\r\n', `A=1\r\n${K}\r\n${M}\r\nB=2\r\n`],
    ['CRLF at the end', 'A=1\r\n', `A=1\r\n${K}\r\n${M}\r\n`],
    [
      'export stays',
      'export SSE_CUSTOMER_KEY_BASE64=\nexport A=1\n',
      `export ${K}\nexport ${M}\nexport A=1\n`,
    ],
    ['a digest alone was of another key', 'SSE_CUSTOMER_KEY_MD5=abc\nA=1\n', `A=1\n${K}\n${M}\n`],
    ['the digest of an empty key', 'SSE_CUSTOMER_KEY_MD5=abc\nSSE_CUSTOMER_KEY_BASE64=\n', `${M}\n${K}\n`],
    [
      'an empty line twice',
      'SSE_CUSTOMER_KEY_BASE64=\nSSE_CUSTOMER_KEY_BASE64=\n',
      `${K}\n${M}\n${K}\n${M}\n`,
    ],
    ['a last line without a line end stays so', 'SSE_CUSTOMER_KEY_BASE64=\nA=1', `${K}\n${M}\nA=1`],
    ['a byte order mark stays', '\uFEFFSSE_CUSTOMER_KEY_BASE64=\nA=1\n', `\uFEFF${K}\n${M}\nA=1\n`],
    [
      'a line inside a value of several lines',
      'A="one\nSSE_CUSTOMER_KEY_BASE64=\ntwo"\n',
      `A="one\nSSE_CUSTOMER_KEY_BASE64=\ntwo"\n${K}\n${M}\n`,
    ],
    ['mixed line ends stay as they are', 'A=1\r\nB=2\nC=3\r\n', `A=1\r\nB=2\nC=3\r\n${K}\r\n${M}\r\n`],
  ])('%s', (_name, before, after) => {
    expect(insertKey(before, '.env', key)).toBe(after);
  });

  test.each([
    ['a key', `SSE_CUSTOMER_KEY_BASE64=${other}\n`, 'TARGET_EXISTS'],
    ['a key in quotes', `export SSE_CUSTOMER_KEY_BASE64="${other}"\r\n`, 'TARGET_EXISTS'],
    ['a key without padding', `SSE_CUSTOMER_KEY_BASE64=${other.slice(0, -1)}\n`, 'TARGET_EXISTS'],
    [
      'a key in hex',
      `SSE_CUSTOMER_KEY_BASE64=${Buffer.from(other, 'base64').toString('hex')}\n`,
      'TARGET_EXISTS',
    ],
    [
      'a key above an empty line',
      `SSE_CUSTOMER_KEY_BASE64=${other}\nSSE_CUSTOMER_KEY_BASE64=\n`,
      'TARGET_EXISTS',
    ],
    ['half a key', `SSE_CUSTOMER_KEY_BASE64=${other.slice(0, 22)}\n`, 'KEY_MALFORMED'],
    ['something else', 'SSE_CUSTOMER_KEY_BASE64=changeme please\n', 'KEY_MALFORMED'],
  ])('%s is left alone', (_name, text, code) => {
    const error = thrown(() => insertKey(text, 'my.env', key));
    expect(error.code).toBe(code);
    expect(error.message).toContain('"my.env"');
    expectNoPart(allText(error), other);
    expectNoPart(allText(error), Buffer.from(other, 'base64').toString('hex'));
  });
});

describe('the file', () => {
  test("a new one is its owner's alone, and no other file stays", async () => {
    const folder = tempFolder();
    const path = join(folder, '.env');
    expect(await writeKeyToEnvFile(path, '.env', key)).toEqual({ narrowed: false });
    expect(readFileSync(path, 'utf8')).toBe(`${K}\n${M}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  test('one that others could read is narrowed', async () => {
    const path = join(tempFolder(), '.env');
    writeFileSync(path, 'A=1\n');
    chmodSync(path, 0o644);
    expect(await writeKeyToEnvFile(path, '.env', key)).toEqual({ narrowed: true });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe(`A=1\n${K}\n${M}\n`);
  });

  test('a symlink is followed and stays one', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'real.env'), 'A=1\n', { mode: 0o600 });
    symlinkSync('real.env', join(folder, '.env'));
    await writeKeyToEnvFile(join(folder, '.env'), '.env', key);
    expect(lstatSync(join(folder, '.env')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real.env'), 'utf8')).toBe(`A=1\n${K}\n${M}\n`);
  });

  test('one with a key stays as it is, mode and all', async () => {
    const path = join(tempFolder(), '.env');
    writeFileSync(path, `SSE_CUSTOMER_KEY_BASE64=${other}`);
    chmodSync(path, 0o644);
    const before = statSync(path, { bigint: true });
    expect((await rejected(writeKeyToEnvFile(path, '.env', key))).code).toBe('TARGET_EXISTS');
    const after = statSync(path, { bigint: true });
    expect([after.ino, after.mtimeNs, after.mode]).toEqual([before.ino, before.mtimeNs, before.mode]);
  });

  test('a folder that is not there', async () => {
    const path = join(tempFolder(), 'no', '.env');
    expect((await rejected(writeKeyToEnvFile(path, 'no/.env', key))).code).toBe('FILE_UNWRITABLE');
    expect(existsSync(path)).toBe(false);
  });

  test('a folder under that name', async () => {
    expect((await rejected(writeKeyToEnvFile(tempFolder(), 'dir', key))).code).toBe('FILE_UNREADABLE');
  });
});
