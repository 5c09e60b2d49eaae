import { HeadObjectCommand, type HeadObjectCommandOutput } from '@aws-sdk/client-s3';
import type { SsecClient } from './client.ts';
import { type ErrorCode, SsecError } from './errors.ts';
import type { CustomerKey } from './keys/customer-key.ts';
import type { RingKey } from './keys/ring-files.ts';
import { type ObjectAddress, formatObjectAddress } from './object-address.ts';
import { type ObjectVersion, versionField } from './object-version.ts';
import { refusalOfGet } from './read-refusal.ts';
import { serviceAnswer } from './service-answer.ts';
import { failureOf, isPlainRefusal } from './service-error.ts';
import { runWorkers } from './transfer/workers.ts';
import { echoes } from './write-proof.ts';

export interface KeyFinderOptions {
  readonly client: SsecClient;
  /** The candidates, the likeliest first. */
  readonly keys: readonly RingKey[];
  /** Is tried before the others; default: the first. */
  readonly first?: RingKey | undefined;
}

export type ObjectToOpen = ObjectVersion;

/** What opens an object. */
export type FoundKey =
  | {
      readonly kind: 'key';
      readonly ringKey: RingKey;
      /** @internal The SDK's types are not part of this library's interface. */
      readonly head: HeadObjectCommandOutput;
    }
  /** It is not encrypted with a customer key. */
  | {
      readonly kind: 'plain';
      /** @internal */
      readonly head: HeadObjectCommandOutput;
    }
  /** It is, and with none of these. */
  | { readonly kind: 'unknown'; readonly tried: number };

/** Requests under way at once for one object. */
const PARALLEL = 8;
/** Prefixes whose last key is remembered. */
const MAX_PREFIXES = 1_000;

/**
 * Finds out which key of a ring opens an object. S3 neither keeps nor names keys: it is asked by HeadObject, key by
 * key. Objects that lie together mostly have the same key, so the last one under a prefix is asked for first.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
export class KeyFinder {
  readonly #client: SsecClient;
  readonly #keys: readonly RingKey[];
  readonly #last = new Map<string, RingKey | 'plain'>();

  constructor({ client, keys, first }: KeyFinderOptions) {
    this.#client = client;
    this.#keys = first === undefined ? keys : [first, ...keys.filter((key) => !isSame(key, first))];
  }

  /** How many keys there are to try. */
  get size(): number {
    return this.#keys.length;
  }

  /** What most likely opens an object, without asking; undefined where there is no key. */
  guess(key: string): RingKey | 'plain' | undefined {
    return this.#last.get(prefixOf(key)) ?? this.#keys[0];
  }

  /** Notes what opened an object, for those beside it. */
  remember(key: string, opened: RingKey | 'plain'): void {
    const prefix = prefixOf(key);
    this.#last.delete(prefix);
    this.#last.set(prefix, opened);
    const [oldest] = this.#last.keys();
    if (this.#last.size > MAX_PREFIXES && oldest !== undefined) this.#last.delete(oldest);
  }

  /**
   * Asks for an object with what is likeliest, then without a key, then with all other keys.
   *
   * @param refused what S3 refused already, for being the wrong thing
   * @throws SsecError OBJECT_NOT_FOUND, ACCESS_DENIED, CREDENTIALS_EXPIRED, NETWORK, ...
   */
  async find(object: ObjectToOpen, signal?: AbortSignal, refused?: RingKey | 'plain'): Promise<FoundKey> {
    const found = await this.#find(object, signal, refused);
    if (found.kind !== 'unknown') this.remember(object.key, found.kind === 'key' ? found.ringKey : 'plain');
    return found;
  }

  /**
   * Looks with one of the keys alone, or without any: while `find` tries them one after the other, somebody may change
   * the key.
   *
   * @returns undefined where it does not open the object
   */
  async findWith(
    customerKey: CustomerKey | undefined,
    object: ObjectToOpen,
    signal?: AbortSignal,
  ): Promise<FoundKey | undefined> {
    if (customerKey === undefined) {
      const head = await this.#withoutKey(object, signal);
      return head && { kind: 'plain', head };
    }
    const ringKey = this.#keys.find((key) => key.customerKey.equals(customerKey));
    return ringKey && this.#try(object, ringKey, signal);
  }

  async #find(
    object: ObjectToOpen,
    signal: AbortSignal | undefined,
    refused: RingKey | 'plain' | undefined,
  ): Promise<FoundKey> {
    const guess = refused === undefined ? this.guess(object.key) : undefined;
    const likeliest = guess === 'plain' ? undefined : guess;
    if (likeliest !== undefined) {
      const found = await this.#try(object, likeliest, signal);
      if (found !== undefined) return found;
    }
    // whoever knows that something was refused for the key knows that there is one
    const plain = refused === undefined ? await this.#withoutKey(object, signal) : undefined;
    if (plain !== undefined) return { kind: 'plain', head: plain };
    const others = this.#keys.filter((key) => !isSame(key, refused) && !isSame(key, likeliest));
    const found = await this.#tryAll(object, others, signal);
    if (found !== undefined) return found;
    await this.#requireRefusedKey(object, signal);
    return { kind: 'unknown', tried: this.#keys.length };
  }

  async #tryAll(
    object: ObjectToOpen,
    keys: readonly RingKey[],
    signal: AbortSignal | undefined,
  ): Promise<FoundKey | undefined> {
    const queue = keys.values();
    let found: FoundKey | undefined;
    try {
      await runWorkers(Math.min(PARALLEL, keys.length), signal, async (stop) => {
        for (const key of queue) {
          if (found !== undefined) return;
          const opened = await this.#try(object, key, stop);
          if (opened !== undefined) found = opened;
        }
      });
    } catch (error) {
      // what failed for another key is no matter once there is one that fits
      if (found === undefined || signal?.aborted === true) throw error;
    }
    return found;
  }

  /** undefined = S3 refuses the key. An answer without the key's digest is one of a server that ignored it. */
  async #try(
    object: ObjectToOpen,
    ringKey: RingKey,
    signal: AbortSignal | undefined,
  ): Promise<FoundKey | undefined> {
    try {
      const head = await this.#head(object, ringKey.customerKey.requestFields(), signal);
      return echoes(head, ringKey.customerKey) ? { kind: 'key', ringKey, head } : { kind: 'plain', head };
    } catch (error) {
      // AWS says 403 and Ceph 400 where the key is another
      if ([400, 403].includes(serviceAnswer(error)?.status ?? 0) && signal?.aborted !== true)
        return undefined;
      throw this.#failure(error, object, signal);
    }
  }

  /** undefined = it is encrypted with a customer key. */
  async #withoutKey(
    object: ObjectToOpen,
    signal: AbortSignal | undefined,
  ): Promise<HeadObjectCommandOutput | undefined> {
    try {
      return await this.#head(object, {}, signal);
    } catch (error) {
      const status = serviceAnswer(error)?.status;
      if (signal?.aborted !== true && status === 400) return undefined;
      // why, the answer to a HEAD does not say: credentials that are unknown, or a permission that lacks
      const reason = status === 403 ? await this.#refusal(object, undefined, signal) : undefined;
      throw this.#failure(reason ?? error, object, signal);
    }
  }

  /** A HEAD is refused with 400 for a wrong key, for credentials that have expired, and for what is no version id. */
  async #requireRefusedKey(object: ObjectToOpen, signal: AbortSignal | undefined): Promise<void> {
    const error = await this.#refusal(object, this.#keys[0]?.customerKey, signal);
    if (error === undefined) return;
    const answer = serviceAnswer(error);
    const failure = this.#failure(error, object, signal);
    const isTheKey = answer !== undefined && (answer.status === 403 || isPlainRefusal(answer));
    if (!isTheKey || failure.code === 'OBJECT_NOT_FOUND') throw failure;
  }

  #refusal(
    object: ObjectToOpen,
    customerKey: CustomerKey | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return refusalOfGet(this.#client, { ...object, customerKey }, signal);
  }

  #head(
    object: ObjectToOpen,
    fields: object,
    signal: AbortSignal | undefined,
  ): Promise<HeadObjectCommandOutput> {
    return this.#client.send<HeadObjectCommandOutput>(
      new HeadObjectCommand({ Bucket: object.bucket, Key: object.key, ...versionField(object), ...fields }),
      { signal, bulk: true },
    );
  }

  #failure(
    error: unknown,
    { bucket, key, versionId }: ObjectToOpen,
    signal: AbortSignal | undefined,
  ): SsecError {
    const { endpoint } = this.#client;
    const request = { operation: 'HeadObject', bucket, key, versionId, customerKeySent: false, endpoint };
    return failureOf(error, request, signal);
  }
}

/**
 * Does something with an object that needs its key: with the likeliest one first, which costs no request of its own,
 * and with the one that was found where S3 refuses that.
 *
 * @param use gets undefined for an object without a customer key
 * @param first the likeliest, where more is known than the finder has seen
 * @throws SsecError KEY_MISMATCH where no key opens it, and what `use` throws
 */
export async function openWithRing<T>(
  finder: KeyFinder,
  object: ObjectToOpen,
  use: (ringKey: RingKey | undefined) => Promise<T>,
  signal?: AbortSignal,
  first?: RingKey,
): Promise<T> {
  const guess = first ?? finder.guess(object.key);
  const attempt = async (ringKey: RingKey | undefined): Promise<T> => {
    const done = await use(ringKey);
    finder.remember(object.key, ringKey ?? 'plain');
    return done;
  };
  try {
    return await attempt(guess === 'plain' ? undefined : guess);
  } catch (error) {
    const code = error instanceof SsecError ? error.code : undefined;
    if (guess === undefined || finder.size === 0 || code === undefined || !WRONG_GUESS.has(code)) throw error;
    if (code === 'KEY_NOT_NEEDED') return attempt(undefined);
  }
  const found = await finder.find(object, signal, guess);
  if (found.kind === 'unknown') throw noneFits(object, found.tried);
  return use(found.kind === 'key' ? found.ringKey : undefined);
}

/** Another key, none, or one after all. */
const WRONG_GUESS: ReadonlySet<ErrorCode> = new Set(['KEY_MISMATCH', 'KEY_NOT_NEEDED', 'KEY_MISSING']);

/** No key of the ring opens it. */
export function noneFits(object: ObjectAddress, tried: number): SsecError {
  return new SsecError(
    'KEY_MISMATCH',
    tried === 1
      ? `${formatObjectAddress(object)} is encrypted with another key than the one in the ring.`
      : `${formatObjectAddress(object)} is encrypted with none of the ${tried} keys of the ring.`,
    {
      hints: [
        'put the key that it was written with into the ring: ssec keys add NAME --key-file FILE',
        'or give it: --key-file FILE',
      ],
    },
  );
}

/** What objects lie together under: all up to the last slash. */
function prefixOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}

/** The same key, be it read twice. */
function isSame(key: RingKey, other: RingKey | 'plain' | undefined): boolean {
  return other !== undefined && other !== 'plain' && key.customerKey.equals(other.customerKey);
}
