import type { SsecClient } from '../client.ts';
import { SsecError } from '../errors.ts';
import type { ObjectToOpen } from '../key-finder.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { RingKey } from '../keys/ring-files.ts';
import { KEY_TAG } from '../keys/key-tag.ts';
import { formatObjectAddress } from '../object-address.ts';
import type { Settings } from '../settings/settings.ts';
import type { CommandContext } from './session.ts';

/** Whether `--tag-key`, or the setting, is given. */
export function tagsKeys({ command }: CommandContext, settings: Settings): boolean {
  return command.getOptionValue('tagKey') === true || settings.tagKey;
}

/**
 * The tags of an upload: those that were asked for, and the one with the name of its key.
 *
 * @param name of the key in the ring
 * @throws SsecError KEY_NOT_FOUND for a key without a name
 */
export function tagsWithKey(
  tags: Readonly<Record<string, string>> = {},
  name: string | undefined,
): Readonly<Record<string, string>> {
  if (name === undefined) {
    throw new SsecError(
      'KEY_NOT_FOUND',
      'The key has no name that --tag-key could write: it is not of the ring.',
      {
        hints: [
          'put it into the ring: ssec keys add NAME --key-file FILE; then --key-name NAME',
          'or leave --tag-key and SSEC_TAG_KEY away',
        ],
      },
    );
  }
  if (Object.hasOwn(tags, KEY_TAG))
    throw new SsecError(
      'USAGE',
      `--tag-key writes the tag ${KEY_TAG} itself; leave --tag ${KEY_TAG}=... away.`,
    );
  return { ...tags, [KEY_TAG]: name };
}

/** What the tags of objects say of the ring's keys. It is a hint and no more: whatever it says, S3 is asked. */
export class KeyTags {
  readonly #context: CommandContext;
  readonly #ring: KeyRing;

  constructor(context: CommandContext, ring: KeyRing) {
    this.#context = context;
    this.#ring = ring;
  }

  /** The key whose name an object is tagged with; undefined where it has none that we know, or it cannot be read. */
  async keyOf(client: SsecClient, object: ObjectToOpen, signal: AbortSignal): Promise<RingKey | undefined> {
    const { reporter } = this.#context;
    const address = formatObjectAddress(object);
    const { objectTags } = await import('../object-tags.ts');
    let name: string | undefined;
    try {
      name = (await objectTags({ client, ...object, signal })).get(KEY_TAG);
    } catch (error) {
      signal.throwIfAborted();
      // what is wrong with the object itself is told by whoever reads it
      reporter.detail(
        `the tags of ${address} cannot be read: ${error instanceof Error ? error.message : ''}`,
      );
      return undefined;
    }
    const key = this.#ring.keys.find((one) => one.name === name);
    if (name === undefined) reporter.detail(`${address} has no tag ${KEY_TAG}`);
    else if (key === undefined)
      reporter.detail(`${address} is tagged with the key "${name}", which the ring has not`);
    else reporter.detail(`${address} is tagged with the key "${name}"`);
    return key;
  }
}
