import { platform } from 'node:os';
import { resolve } from 'node:path';
import type { SsecClient } from '../client.ts';
import { SsecError } from '../errors.ts';
import type { FoundKey, KeyFinder, ObjectToOpen } from '../key-finder.ts';
import type { CustomerKey } from '../keys/customer-key.ts';
import { KeyRing, keyNotFound, keyRetired } from '../keys/key-ring.ts';
import type { RingKey } from '../keys/ring-files.ts';
import { KeyTags, tagsKeys } from './key-tags.ts';
import { keyRingFolder } from '../settings/key-ring-folder.ts';
import { type Settings, refuseFoundEndpoint } from '../settings/settings.ts';
import { orInterrupted } from '../transfer/or-interrupted.ts';
import { type CommandContext, loadKey, requireRingFolder } from './session.ts';

/**
 * The ring where no layer of the settings names a key; its keys are hidden from all output from here on.
 *
 * @returns undefined where a key is named, or the ring is empty
 * @throws SsecError FILE_UNREADABLE; ENDPOINT_UNTRUSTED where the endpoint was only found
 */
export async function openRing(
  context: CommandContext,
  settings: Settings,
  warn = (message: string, ...hints: string[]): void => context.reporter.warning(message, ...hints),
): Promise<KeyRing | undefined> {
  if (settings.key.kind !== 'ring') return undefined;
  const { io, reporter } = context;
  const folder = keyRingFolder(settings, io.env, platform());
  if (folder === undefined) return undefined;
  const ring = await orInterrupted(KeyRing.open(resolve(io.cwd, folder)), io.signal).catch(
    (error: unknown) => {
      // a home that is somebody else's, as in a container: nobody named that folder
      if (settings.keyring !== undefined || !isUnreadable(error)) throw error;
      warn(withoutPeriod(error.message));
      return undefined;
    },
  );
  if (ring === undefined) return undefined;
  for (const { customerKey } of ring.keys) reporter.redactor.protectKey(customerKey);
  tellProblems(ring, warn);
  if (ring.keys.length === 0) return undefined;
  refuseFoundEndpoint(settings);
  reporter.detail(`key ring: ${ring.keys.length} keys in ${ring.folder}`);
  return ring;
}

/** A default that is not there hides no key, and is written with by nobody. */
function defaultState({ defaultName, keys }: KeyRing): string {
  if (defaultName === undefined) return 'the key ring has no default';
  const isRetired = keys.some(({ name }) => name === defaultName);
  return `the default of the key ring, "${defaultName}", is ${isRetired ? 'retired' : 'not there'}`;
}

/** What is to be said of a ring with keys that put cannot use. */
export function noDefault(ring: KeyRing): string {
  return `${defaultState(ring)}: put needs --key-name, or ssec keys default NAME`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What is wrong in a ring, and keeps nobody from its other keys. */
export function tellProblems(ring: KeyRing, warn: (message: string, ...hints: string[]) => void): void {
  for (const { error } of ring.problems) warn(withoutPeriod(error.message), ...error.hints);
}

function isUnreadable(error: unknown): error is SsecError {
  return error instanceof SsecError && error.code === 'FILE_UNREADABLE';
}

function withoutPeriod(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** A key and what it is called in the ring, if it is from there. */
export interface NamedKey {
  readonly customerKey: CustomerKey;
  readonly name: string | undefined;
}

/**
 * The key that the settings name, else the ring's default.
 *
 * @throws SsecError KEY_MISSING, KEY_RETIRED, and as `loadKey`
 */
export async function namedOrDefaultKey(
  context: CommandContext,
  settings: Settings,
): Promise<NamedKey | undefined> {
  const customerKey = await loadKey(context, settings);
  if (customerKey !== undefined) {
    const name = settings.key.kind === 'name' ? settings.key.value : undefined;
    if (name !== undefined) await refuseRetired(context, settings, name);
    return { customerKey, name };
  }
  const ring = await openRing(context, settings);
  if (ring === undefined) return undefined;
  const { default: key } = ring;
  if (key === undefined) {
    const names = namesOf(ring);
    throw new SsecError(
      'KEY_MISSING',
      `${capital(defaultState(ring))}, and no key was named; nothing was sent.`,
      {
        hints:
          names === ''
            ? [
                'all its keys are retired; make a new one the default: ssec keys add NAME; ssec keys default NAME',
              ]
            : ['make one the default: ssec keys default NAME', `or name one: --key-name NAME (${names})`],
      },
    );
  }
  context.reporter.detail(`customer key: "${key.name}", the default of the key ring`);
  return { customerKey: key.customerKey, name: key.name };
}

async function refuseRetired(context: CommandContext, settings: Settings, name: string): Promise<void> {
  const ring = await KeyRing.open(requireRingFolder(context, settings));
  if (ring.find(name).isRetired) throw keyRetired(name, 'and writes nothing');
}

function namesOf(ring: KeyRing): string {
  return ring.keys
    .filter(({ isRetired }) => !isRetired)
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ');
}

/** What objects are opened with: the one key that the settings name (or none), or the ring. */
export class OpeningKeys {
  /** The key that the settings name. */
  readonly one: NamedKey | undefined;
  readonly #ring: KeyRing | undefined;
  readonly #tags: KeyTags | undefined;
  /** All there are; the name of one that the settings give by its bytes is empty. */
  readonly candidates: readonly RingKey[];
  #finder: KeyFinder | undefined;

  /** @param tags undefined = what objects are tagged with is not asked for */
  private constructor(one: NamedKey | undefined, ring?: KeyRing, tags?: KeyTags) {
    this.one = one;
    this.#ring = ring;
    this.#tags = tags;
    this.candidates = ring?.keys ?? (one === undefined ? [] : [alone(one)]);
  }

  /** @throws SsecError as `loadKey`, and FILE_UNREADABLE, ENDPOINT_UNTRUSTED of the ring */
  static async load(context: CommandContext, settings: Settings): Promise<OpeningKeys> {
    const customerKey = await loadKey(context, settings);
    const name = settings.key.kind === 'name' ? settings.key.value : undefined;
    if (customerKey !== undefined) return new OpeningKeys({ customerKey, name });
    const ring = await openRing(context, settings);
    const tags = ring !== undefined && tagsKeys(context, settings) ? new KeyTags(context, ring) : undefined;
    return new OpeningKeys(undefined, ring, tags);
  }

  /** How many keys there are. */
  get size(): number {
    return this.candidates.length;
  }

  /** @throws SsecError KEY_NOT_FOUND */
  named(name: string): RingKey {
    const found = this.candidates.find((key) => key.name === name);
    if (found === undefined) throw keyNotFound(name, this.candidates);
    return found;
  }

  /**
   * Does something with an object, under the key that opens it.
   *
   * @param use gets undefined where there is no key, or the object needs none; may be called twice
   */
  async open<T>(
    client: SsecClient,
    object: ObjectToOpen,
    use: (key: NamedKey | undefined) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    if (this.#ring === undefined) return use(this.one);
    const { openWithRing } = await import('../key-finder.ts');
    const finder = await this.#finderFor(client);
    const tagged = await this.#tags?.keyOf(client, object, signal);
    return openWithRing(finder, object, (key) => use(key && named(key)), signal, tagged);
  }

  /** Which key opens an object; with one key alone that one is asked. */
  async find(client: SsecClient, object: ObjectToOpen, signal: AbortSignal): Promise<FoundKey> {
    return (await this.#finderFor(client)).find(object, signal);
  }

  async #finderFor(client: SsecClient): Promise<KeyFinder> {
    if (this.#finder !== undefined) return this.#finder;
    const library = await import('../key-finder.ts');
    return (this.#finder ??= new library.KeyFinder({
      client,
      keys: this.candidates,
      first: this.#ring?.default,
    }));
  }
}

function named({ customerKey, name }: RingKey): NamedKey {
  return { customerKey, name };
}

/** A key without a ring around it. */
export function alone({ customerKey, name }: NamedKey): RingKey {
  return { customerKey, name: name ?? '', created: new Date(0), isRetired: false };
}
