import type { Command } from 'commander';
import { SsecError } from '../../errors.ts';
import { CustomerKey } from '../../keys/customer-key.ts';
import { KeyRing } from '../../keys/key-ring.ts';
import { looksLikeKey } from '../../keys/key-text.ts';
import type { RingKey } from '../../keys/ring-files.ts';
import { addOutputOptions, addRingOptions } from '../options.ts';
import type { Act } from '../program.ts';
import { type CommandContext, readKeyFile, ringFolder } from '../session.ts';
import { noDefault, tellProblems } from '../ring.ts';
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
  keys.allowExcessArguments().action(() => {
    const [word] = keys.args;
    if (word !== undefined) throw unknownSubcommand(keys, word);
    return act(keys, list);
  });
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
  keys.hook('preSubcommand', refuseOptionsBefore);
}

/** They would be those of the list, and be lost: --env names another ring. */
function refuseOptionsBefore(keys: Command, subcommand: Command): void {
  const lost = keys.options.find((option) => keys.getOptionValueSource(option.attributeName()) === 'cli');
  if (lost === undefined) return;
  const name = lost.long ?? lost.flags;
  throw new SsecError('USAGE', `${name} stands before "${subcommand.name()}".`, {
    hints: [`options go behind the command: ssec keys ${subcommand.name()} ... ${name}`],
  });
}

const NO_REMOVAL = [
  'no command removes a key: without it the objects that it wrote are lost; docs/keys.md says more',
  'to write with it no more: ssec keys retire NAME',
];

/** Words that people try, and what comes nearest. */
const MEANT: Readonly<Record<string, readonly string[]>> = {
  list: ['ssec keys'],
  ls: ['ssec keys'],
  show: ['ssec keys'],
  new: ['ssec keys add NAME'],
  create: ['ssec keys add NAME'],
  generate: ['ssec keys add NAME'],
  import: ['ssec keys add NAME --key-file FILE'],
  use: ['ssec keys default NAME'],
  rm: NO_REMOVAL,
  remove: NO_REMOVAL,
  delete: NO_REMOVAL,
  rotate: ['ssec keys add NEW', 'ssec keys default NEW', 'ssec keys retire OLD'],
};

/** To commander, what is no subcommand of a command that does something by itself is an argument too many. */
function unknownSubcommand(keys: Command, word: string): SsecError {
  const near = keys.commands.map((child) => child.name()).find((name) => name.startsWith(word.slice(0, 2)));
  const meant = Object.hasOwn(MEANT, word) ? MEANT[word] : undefined;
  const what = looksLikeKey(word) ? 'Unknown command; it looks like a key.' : `Unknown command '${word}'.`;
  return new SsecError('USAGE', what, {
    hints: [...(meant ?? (near === undefined ? [] : [`Did you mean ${near}?`])), 'ssec keys --help'],
  });
}

function addRing(command: Command): Command {
  return addRingOptions(addOutputOptions(command));
}

/** The ring, its keys hidden from all output from here on. */
export async function openKeyRing(context: CommandContext): Promise<KeyRing> {
  const ring = await KeyRing.open(await ringFolder(context));
  for (const { customerKey } of ring.keys) context.reporter.redactor.protectKey(customerKey);
  tellProblems(ring, (message, ...hints) => context.reporter.warning(message, ...hints));
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
  else if (ring.default === undefined) reporter.notice(noDefault(ring));
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
  else if ((await openKeyRing(context)).default === undefined)
    reporter.notice(`no key is the default; to write with this one: ssec keys default ${name}`);
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
