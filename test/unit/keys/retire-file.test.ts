import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CustomerKey } from '../../../src/keys/customer-key.ts';
import { moveKeyFile } from '../../../src/keys/retire-file.ts';
import { tempFolder } from '../support/temp-folder.ts';

function ringKey(customerKey: CustomerKey) {
  return { name: 'x', customerKey, created: new Date(0), isRetired: false };
}

test('a key that got the name of one that was just retired stays', async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'retired'));
  const [from, to] = [join(folder, 'x.key'), join(folder, 'retired', 'x.key')];
  const [old, fresh] = [CustomerKey.generate(), CustomerKey.generate()];
  // another process has moved the old one, and a third has added one of that name
  writeFileSync(to, `${old.toBase64()}\n`);
  writeFileSync(from, `${fresh.toBase64()}\n`);
  await moveKeyFile(from, to, ringKey(old));
  expect(readFileSync(from, 'utf8')).toBe(`${fresh.toBase64()}\n`);
  expect(readFileSync(to, 'utf8')).toBe(`${old.toBase64()}\n`);
  expect(readdirSync(folder).toSorted()).toEqual(['retired', 'x.key']);
});

test('a key that is in both places is in one afterwards', async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, 'retired'));
  const [from, to] = [join(folder, 'x.key'), join(folder, 'retired', 'x.key')];
  const key = CustomerKey.generate();
  for (const path of [from, to]) writeFileSync(path, `${key.toBase64()}\n`);
  await moveKeyFile(from, to, ringKey(key));
  expect(existsSync(from)).toBe(false);
  expect(readFileSync(to, 'utf8')).toBe(`${key.toBase64()}\n`);
});
