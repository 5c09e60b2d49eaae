import { SsecError } from '../../errors.ts';
import type { CustomerKey } from '../../keys/customer-key.ts';
import { NO_KEY } from '../../keys/key-name.ts';
import { KeyRing, keyRetired } from '../../keys/key-ring.ts';
import type { RingKey } from '../../keys/ring-files.ts';
import type { ObjectEncryption } from '../../object-encryption.ts';
import { type Settings, refuseFoundEndpoint } from '../../settings/settings.ts';
import { type NamedKey, OpeningKeys, alone, tellProblems } from '../ring.ts';
import { type CommandContext, readKeyFile, requireRingFolder } from '../session.ts';
import { loadWriteKey, refuseWeak } from '../upload.ts';
import type { RekeyOptions } from './rekey-options.ts';

/** The old keys, the new one, and which objects they concern. */
export class RekeyKeys {
  /** What an object may be under, the new key among them; the name of one that the settings give is empty. */
  readonly candidates: readonly RingKey[];
  /** Is tried first. */
  readonly first: RingKey | undefined;
  /** undefined = out of SSE-C. */
  readonly to: NamedKey | undefined;
  /** The old keys; `any` of the ring. */
  readonly #from: readonly RingKey[] | 'any';
  /** Whether objects without a customer key are taken; undefined = if they are named one by one. */
  readonly #takesPlain: boolean | undefined;

  private constructor(
    from: readonly RingKey[] | 'any',
    takesPlain: boolean | undefined,
    candidates: readonly RingKey[],
    to: NamedKey | undefined,
  ) {
    this.#from = from;
    this.#takesPlain = takesPlain;
    this.to = to;
    const isThere = to === undefined || candidates.some((key) => key.customerKey.equals(to.customerKey));
    this.candidates = isThere ? candidates : [...candidates, alone(to)];
    this.first = this.candidates.find((key) => !this.#isNew(key));
  }

  /**
   * @throws SsecError USAGE where nothing says which key is the new one; KEY_NOT_FOUND, KEY_RETIRED, KEY_MALFORMED,
   *   ENDPOINT_UNTRUSTED, ...
   */
  static async load(context: CommandContext, settings: Settings, options: RekeyOptions): Promise<RekeyKeys> {
    const { from: names, to: toName } = options;
    const ring = new LazyRing(context, settings);
    refuseBoth(settings, options);
    const { from, candidates } = await oldKeys(context, settings, names, ring);
    const takesPlain = names === undefined ? undefined : names.includes(NO_KEY);
    const isNamed = settings.key.kind !== 'ring' && settings.key.kind !== 'none';
    if (names === undefined && isNamed && toName === undefined && options.toKeyFile === undefined) {
      throw new SsecError('USAGE', 'A key is set, and it is the old one; no new one was named.', {
        hints: [
          'name the new one: --to NAME, or --to-key-file FILE',
          ...('origin' in settings.key && settings.key.origin.layer === 'flag'
            ? []
            : [
                'or, if the key that is set is the new one, name the old one: --from NAME (none: no customer key)',
              ]),
        ],
      });
    }
    const to = await newKey(context, settings, options, ring);
    if (to === undefined && from !== 'any' && from.length === 0)
      throw new SsecError('USAGE', 'From no customer key to none there is nothing to do.');
    if (to !== undefined && from !== 'any' && takesPlain !== true) {
      const [only, ...others] = from;
      if (only !== undefined && others.length === 0 && only.customerKey.equals(to.customerKey))
        throw new SsecError('USAGE', 'The old key and the new one are the same.');
    }
    return new RekeyKeys(from, takesPlain, candidates, to);
  }

  /** Whether an object is to be rekeyed, by what it has now. @param isNamed one by one, rather than with others */
  takes({ encryption, ringKey }: ObjectEncryption, isNamed: boolean): boolean {
    if (encryption !== 'SSE-C') return this.#takesPlain ?? isNamed;
    if (ringKey === undefined) return false;
    if (this.#from === 'any') return true;
    return this.#from.some((key) => key.customerKey.equals(ringKey.customerKey));
  }

  /** Whether an object under a key that was not tried is a failure, rather than one that was not meant. */
  get missesUnknown(): boolean {
    return this.#takesPlain === undefined;
  }

  /** What to call the new key. */
  get toLabel(): string {
    return this.to === undefined ? 'no customer key' : keyLabel(this.to.name);
  }

  /** What to call the old ones. */
  get fromLabel(): string {
    const keys =
      this.#from === 'any' ? ['any key of the ring'] : this.#from.map(({ name }) => keyLabel(name));
    return [...keys, ...(this.#takesPlain === true ? ['no customer key'] : [])].join(', ');
  }

  /** Names of the old ones, `none` among them; undefined = any of the ring. A key that the settings give has no name. */
  get fromNames(): readonly string[] | undefined {
    if (this.#from === 'any') return undefined;
    const names = this.#from.map(({ name }) => name).filter((name) => name !== '');
    return [...names, ...(this.#takesPlain === true ? [NO_KEY] : [])];
  }

  #isNew(key: RingKey): boolean {
    return this.to !== undefined && key.customerKey.equals(this.to.customerKey);
  }
}

function keyLabel(name: string | undefined): string {
  return name === undefined || name === '' ? 'the key that is set' : `"${name}"`;
}

/** The ring, for keys that are named of it whatever the settings say; read once. */
class LazyRing {
  readonly #context: CommandContext;
  readonly #settings: Settings;
  #ring: Promise<KeyRing> | undefined;

  constructor(context: CommandContext, settings: Settings) {
    this.#context = context;
    this.#settings = settings;
  }

  async find(name: string): Promise<RingKey> {
    const { reporter } = this.#context;
    this.#ring ??= KeyRing.open(requireRingFolder(this.#context, this.#settings));
    const ring = await this.#ring;
    refuseFoundEndpoint(this.#settings);
    for (const { customerKey } of ring.keys) reporter.redactor.protectKey(customerKey);
    const key = ring.find(name);
    tellProblems(ring, (message, ...hints) => reporter.warning(message, ...hints));
    return key;
  }
}

/** The old keys are named in one way. @throws SsecError USAGE */
function refuseBoth({ key }: Settings, { from, to, toKeyFile, manifest }: RekeyOptions): void {
  const names = (from ?? []).filter((name) => name !== NO_KEY);
  if (names.length > 0 && 'origin' in key && key.origin.layer === 'flag')
    throw new SsecError('USAGE', `--from names the old key, and so does ${key.origin.name}; give one.`);
  if (to !== undefined && toKeyFile !== undefined)
    throw new SsecError('USAGE', '--to names the new key, and so does --to-key-file; give one.');
  const readers = [
    ...(key.kind === 'file' && key.value === '-' ? ['--key-file'] : []),
    ...(toKeyFile === '-' ? ['--to-key-file'] : []),
    ...(manifest?.includes('-') === true ? ['--manifest'] : []),
  ];
  if (readers.length > 1)
    throw new SsecError('USAGE', `Stdin can be read once, and ${readers.join(' and ')} want it.`);
}

async function oldKeys(
  context: CommandContext,
  settings: Settings,
  names: readonly string[] | undefined,
  ring: LazyRing,
): Promise<{ readonly from: readonly RingKey[] | 'any'; readonly candidates: readonly RingKey[] }> {
  if (names === undefined) {
    const opening = await OpeningKeys.load(context, settings);
    const { candidates, one } = opening;
    return { from: one === undefined ? 'any' : candidates, candidates };
  }
  const from = await Promise.all(names.filter((name) => name !== NO_KEY).map((name) => ring.find(name)));
  return { from, candidates: from };
}

async function newKey(
  context: CommandContext,
  settings: Settings,
  options: RekeyOptions,
  ring: LazyRing,
): Promise<NamedKey | undefined> {
  const { to: name, toKeyFile, allowWeakKey } = options;
  if (name === NO_KEY) return undefined;
  if (name !== undefined) {
    const { customerKey, isRetired } = await ring.find(name);
    if (isRetired) throw keyRetired(name, 'and writes nothing');
    refuseWeak(customerKey, allowWeakKey);
    return { customerKey, name };
  }
  if (toKeyFile !== undefined) {
    refuseFoundEndpoint(settings);
    const customerKey: CustomerKey = await readKeyFile(context, toKeyFile);
    refuseWeak(customerKey, allowWeakKey);
    return { customerKey, name: undefined };
  }
  return loadWriteKey(context, settings, options).catch((error: unknown) => {
    // what it says is how to name a key to put with; here that would be an old one
    if (!(error instanceof SsecError) || error.code !== 'KEY_MISSING') throw error;
    throw new SsecError('USAGE', 'No new key was named, and the ring has no default.', {
      hints: ['name the new one: --to NAME, or --to-key-file FILE', 'make one: ssec keys add NAME'],
      cause: error,
    });
  });
}
