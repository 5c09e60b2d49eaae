import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { KeyFinder } from '../../src/key-finder.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import type { RingKey } from '../../src/keys/ring-files.ts';
import { type RekeyObjectOptions, rekeyObject } from '../../src/rekey/rekey-object.ts';
import type { RekeyObjectResult } from '../../src/rekey/rekey-result.ts';
import { ThroughClient } from '../../src/rekey/through-client.ts';
import type { World } from './sandboxed.ts';

export const oldKey = ringKey('old', CustomerKey.generate());
export const newKey = ringKey('new', CustomerKey.generate());

export function ringKey(name: string, customerKey: CustomerKey): RingKey {
  return { name, customerKey, created: new Date(0), isRetired: false };
}

/** Puts an object by the SDK's own client. */
export async function putPlain(
  world: World,
  bytes: Uint8Array,
  under: RingKey | undefined,
  more: Partial<PutObjectCommand['input']> = {},
): Promise<void> {
  await world.plain.send(
    new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'k',
      Body: bytes,
      ChecksumAlgorithm: 'CRC32',
      ...under?.customerKey.requestFields(),
      ...more,
    }),
  );
}

type RekeyOptions = Partial<RekeyObjectOptions> & { readonly through?: boolean };

/** Rekeys that object from the old key to the new one, in place. */
export async function rekey(
  world: World,
  { through, ...options }: RekeyOptions = {},
): Promise<RekeyObjectResult> {
  const client = options.client ?? world.client;
  let throughClient: ThroughClient | undefined;
  if (through === true) {
    throughClient = new ThroughClient(client);
    onTestFinished(() => throughClient?.close());
  }
  return rekeyObject({
    client,
    bucket: 'bucket',
    key: 'k',
    to: newKey,
    finder: new KeyFinder({ client, keys: [oldKey, newKey] }),
    journal: world.journal,
    ...(throughClient === undefined ? {} : { throughClient }),
    ...options,
  });
}

/** The content as the SDK's client gets it under a key; undefined = the key does not open it. */
export async function bytesUnder(
  world: World,
  under: RingKey | undefined,
  key = 'k',
): Promise<Buffer | undefined> {
  try {
    const { Body: body } = await world.plain.send(
      new GetObjectCommand({ Bucket: 'bucket', Key: key, ...under?.customerKey.requestFields() }),
    );
    return Buffer.from((await body?.transformToByteArray()) ?? []);
  } catch {
    return undefined;
  }
}

export function headUnder(world: World, under: RingKey | undefined, key = 'k', versionId?: string) {
  return world.plain.send(
    new HeadObjectCommand({
      Bucket: 'bucket',
      Key: key,
      ChecksumMode: 'ENABLED',
      ...(versionId === undefined ? {} : { VersionId: versionId }),
      ...under?.customerKey.requestFields(),
    }),
  );
}

/** That it opens with exactly this one, and holds these bytes. */
export async function opensOnlyWith(
  world: World,
  bytes: Buffer,
  under: RingKey | undefined,
  key = 'k',
): Promise<boolean> {
  const content = await bytesUnder(world, under, key);
  if (content?.equals(bytes) !== true) return false;
  const others = [oldKey, newKey, undefined].filter((one) => one !== under);
  const found = await Promise.all(others.map((other) => bytesUnder(world, other, key)));
  return found.every((one) => one === undefined);
}
