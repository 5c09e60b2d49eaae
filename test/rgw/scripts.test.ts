import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, test } from 'vitest';
import { plainClient } from '../support/plain-client.ts';
import { runScript, whyNotHere } from '../support/script-runner.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { rgwEnvironment, rgwServer } from './rgw-server.ts';

const folder = fileURLToPath(new URL('../scripts/', import.meta.url));
// a script that wants the sandbox to misbehave cannot run here, nor one that compares by what RGW 16 does not keep,
// nor one with names that its listings cannot carry, nor one that blocks SSE-C, which RGW 16 does not know
const scripts = readdirSync(folder).filter(
  (name) =>
    name.endsWith('.txtar') &&
    !name.startsWith('folder-skip-existing-') &&
    name !== 'folder-odd-names.txtar' &&
    name !== 'ls-odd-names.txtar' &&
    name !== 'bucket.txtar' &&
    /^sandbox$/m.test(readFileSync(folder + name, 'utf8')),
);
const freshFolder = temporaryFolders('rgw-scripts');
const bucket = 'my-bucket';

/** The scripts name the bucket, so that they share it, one after the other. */
describe('the scripts of put and get', () => {
  const server = rgwServer();

  beforeAll(async () => {
    const client = plainClient(server);
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
  });

  test.for(scripts)('%s', async (name, context) => {
    const why = whyNotHere(folder + name);
    if (why !== undefined) return context.skip(why);
    await runScript(folder + name, {
      folder: freshFolder(),
      startServer: async () => {
        const client = plainClient(server);
        await empty(client);
        client.destroy();
        return { env: rgwEnvironment(server, bucket), close: () => Promise.resolve() };
      },
    });
  });
});

async function empty(client: S3Client): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
  const objects = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
  if (objects.length > 0)
    await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects } }));
}
