import type { Command } from 'commander';
import { CustomerKey } from '../../keys/customer-key.ts';
import { KeyRing, type RingKey } from '../../keys/key-ring.ts';
import { addOutputOptions, addRingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, readKeyFile, ringFolder } from '../session.ts';
import { addKeysExport } from './keys-export.ts';

export function addKeys(program: Command, act: Act): void {
  const keys = addRing(program.command('keys'))
    .enablePositionalOptions()
    .description('the key ring: customer keys by name, one of them the default')
    .addHelpText(
      'after',
      `
Where no setting names a key, put writes with the default, and get finds the key that opens an object.
The ring is a folder (SSEC_KEYRING, else ~/.config/ssec/keys) of key files; a copy of it is a backup. No command
removes a key: without it the objects that it wrote are lost.

Examples:
  ssec keys                     what is there
  ssec keys add 2026            a new key
  ssec keys default 2026        put writes with it from now on
  ssec keys retire 2025         it opens what it wrote, and writes no more`,
    );
  keys.action(() => act(keys, list));
  const add = addRing(keys.command('add'))
    .description('put a new key into the ring, or one that there is; the first one becomes the default')
    .argument('<name>', 'what to call it')
    .option('--key-file <file>', 'the key in this file instead of a new one; - = stdin')
    .addHelpText(
      'after',
      `
Examples:
  ssec keys add 2026
  ssec keys add backup --key-file backup.key`,
    );
  add.action((name: string, options: { readonly keyFile?: string }) =>
    act(add, (context) => addKey(context, name, options.keyFile)),
  );
  const setDefault = addRing(keys.command('default'))
    .description('write with this key where none is named')
    .argument('<name>', 'of the key')
    .addHelpText('after', '\nExample:\n  ssec keys default 2026');
  setDefault.action((name: string) => act(setDefault, (context) => makeDefault(context, name)));
  const retire = addRing(keys.command('retire'))
    .description('write nothing more with this key; it still opens what it wrote')
    .argument('<name>', 'of the key')
    .addHelpText('after', '\nExample:\n  ssec keys retire 2025');
  retire.action((name: string) => act(retire, (context) => retireKey(context, name)));
  addKeysExport(keys, act);
}

function addRing(command: Command): Command {
  return addRingOptions(addOutputOptions(command));
}

/** The ring, its keys hidden from all output from here on. */
export async function openKeyRing(context: CommandContext): Promise<KeyRing> {
  const ring = await KeyRing.open(await ringFolder(context));
  for (const { customerKey } of ring.keys) context.reporter.redactor.protectKey(customerKey);
  for (const { error } of ring.problems)
    context.reporter.warning(error.message.replace(/\.$/, ''), ...error.hints);
  return ring;
}

async function list(context: CommandContext): Promise<void> {
  const { reporter } = context;
  const ring = await openKeyRing(context);
  const width = Math.max(0, ...ring.keys.map(({ name }) => name.length));
  for (const key of ring.keys) {
    const { name, customerKey, created } = key;
    const state = stateOf(key, ring);
    const line = `${name.padEnd(width)}  ${customerKey.md5}  ${created.toISOString().slice(0, 10)}  ${state}`;
    await reporter.result({ type: 'keys', ...recordOf(key, ring) }, line.trimEnd());
  }
  if (ring.keys.length === 0)
    reporter.notice(`the key ring ${ring.folder} is empty; put a key into it: ssec keys add NAME`);
  else if (ring.default === undefined)
    reporter.notice('no key is the default: put needs --key-name, or ssec keys default NAME');
}

function stateOf({ name, isRetired }: RingKey, ring: KeyRing): string {
  if (isRetired) return 'retired';
  return ring.default?.name === name ? 'default' : '';
}

function recordOf({ name, customerKey, created, isRetired }: RingKey, ring: KeyRing): object {
  return {
    KeyName: name,
    SSECustomerKeyMD5: customerKey.md5,
    Created: created.toISOString(),
    Default: ring.default?.name === name,
    Retired: isRetired,
  };
}

async function addKey(context: CommandContext, name: string, keyFile: string | undefined): Promise<void> {
  const { reporter } = context;
  const ring = await openKeyRing(context);
  const key = keyFile === undefined ? CustomerKey.generate() : await readKeyFile(context, keyFile);
  reporter.redactor.protectKey(key);
  const { path, isDefault } = await ring.add(name, key);
  await reporter.result(
    { type: 'keys-add', KeyName: name, Path: path, SSECustomerKeyMD5: key.md5, Default: isDefault },
    path,
  );
  if (isDefault) reporter.notice(`"${name}" is the default: put writes with it where no key is named`);
  if (keyFile === undefined)
    reporter.notice(
      'keep a copy of it apart from this machine: S3 has none, and without it its objects are lost',
    );
}

async function makeDefault(context: CommandContext, name: string): Promise<void> {
  const ring = await openKeyRing(context);
  await ring.setDefault(name);
  await context.reporter.result({ type: 'keys-default', KeyName: name }, name);
}

async function retireKey(context: CommandContext, name: string): Promise<void> {
  const ring = await openKeyRing(context);
  await ring.retire(name);
  await context.reporter.result({ type: 'keys-retire', KeyName: name }, name);
}
