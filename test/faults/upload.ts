import { GetObjectCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putObject } from '../../src/put-object.ts';
import type { PutObjectOptions, PutObjectResult } from '../../src/put-request.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import { unit } from '../support/small-plans.ts';
import type { World } from './sandboxed.ts';
import { customerKey } from './support.ts';

/** The smallest that S3 takes. */
export const partSize = 5 * unit;
/** Four parts. */
export const content = randomBytes(16 * unit + 1000);

/** The file that is uploaded, made when it is asked for first. */
export function fileOf(world: World): string {
  const path = join(world.folder, 'big.bin');
  if (!existsSync(path)) writeFileSync(path, content);
  return path;
}

/** In place of a journal: as with `--no-resume`. */
export const nowhere = Symbol('nowhere');

type PutOptions = Omit<Partial<PutObjectOptions>, 'journal'> & { readonly journal?: typeof nowhere };

/** Uploads that file in parts. */
export async function put(world: World, { journal, ...options }: PutOptions = {}): Promise<PutObjectResult> {
  const source = options.source ?? (await FileSource.open(fileOf(world), 'big.bin'));
  try {
    return await putObject({
      client: world.client,
      bucket: 'bucket',
      key: 'k',
      customerKey,
      partSize,
      ...(journal === nowhere ? {} : { journal: world.journal }),
      ...options,
      source,
    });
  } finally {
    await source.close();
  }
}

/** The object as the SDK's own client gets it. */
export async function storedBytes(world: World, key = 'k', secret = customerKey): Promise<Buffer> {
  const { Body: body } = await world.plain.send(
    new GetObjectCommand({ Bucket: 'bucket', Key: key, ...secret.requestFields() }),
  );
  return Buffer.from((await body?.transformToByteArray()) ?? []);
}

/** Numbers of the parts that the client sent, in order of their ends, those that failed too. */
export function partsSent(world: World): readonly number[] {
  return world.events
    .filter(({ method, path }) => method === 'PUT' && path.includes('partNumber='))
    .map(({ path }) => Number(/partNumber=(\d+)/.exec(path)?.[1]));
}
