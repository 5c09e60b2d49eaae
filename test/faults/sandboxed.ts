import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type RequestRecord, type Sandbox, type SandboxOptions, startSandbox } from 'ssec-sandbox';
import { onTestFinished } from 'vitest';
import { SsecClient, type SsecClientOptions } from '../../src/client.ts';
import type { RequestEvent } from '../../src/network-options.ts';
import type { JournalPlace } from '../../src/transfer/transfer-journal.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { unit } from '../support/small-plans.ts';
import { folder } from './support.ts';

/** A sandbox with a bucket of its own, ways to it, and eyes on both sides of the wire. */
export interface World {
  readonly sandbox: Sandbox;
  /** Ours. */
  readonly client: SsecClient;
  /** The SDK's own. */
  readonly plain: S3Client;
  /** What the sandbox answered, in order. */
  readonly requests: RequestRecord[];
  /** What the client saw the end of, in order. */
  readonly events: RequestEvent[];
  /** A fresh folder for files. */
  readonly folder: string;
  /** Where transfers are noted. */
  readonly journal: JournalPlace;
  /** Another client for the same sandbox, as of another run. */
  again(options?: Partial<SsecClientOptions>): SsecClient;
  /** Unfinished uploads on the server. */
  uploads(): Promise<readonly string[]>;
  /** Journals on the disk. */
  journals(): readonly string[];
  /** How often an operation was answered. */
  count(operation: string): number;
}

let worlds = 0;

export async function sandboxed(
  options: SandboxOptions = {},
  clientOptions: Partial<SsecClientOptions> = {},
): Promise<World> {
  const requests: RequestRecord[] = [];
  const events: RequestEvent[] = [];
  const sandbox = await startSandbox({
    minPartBytes: 5 * unit,
    ...options,
    onRequest: (request) => {
      requests.push(request);
      return options.onRequest?.(request);
    },
  });
  onTestFinished(() => sandbox.close());
  await sandbox.createBucket('bucket');
  const plain = plainClient(accessTo(sandbox));
  onTestFinished(() => plain.destroy());
  const again = (more: Partial<SsecClientOptions> = {}): SsecClient => {
    const client = new SsecClient({
      region: sandbox.region,
      endpoint: sandbox.endpoint,
      ca: sandbox.caPem,
      credentials: { accessKeyId: sandbox.accessKeyId, secretAccessKey: sandbox.secretAccessKey },
      maxAttempts: 1,
      onRequest: (event) => events.push(event),
      ...clientOptions,
      ...more,
    });
    onTestFinished(() => client.close());
    return client;
  };
  const work = folder();
  worlds += 1;
  const journal = { folder: join(work, 'state'), target: ['test', `${process.pid} ${worlds}`] };
  return {
    sandbox,
    client: again(),
    plain,
    requests,
    events,
    folder: work,
    journal,
    again,
    uploads: async () => {
      const { Uploads = [] } = await plain.send(new ListMultipartUploadsCommand({ Bucket: 'bucket' }));
      return Uploads.map((upload) => upload.UploadId ?? '');
    },
    journals: () => (existsSync(journal.folder) ? readdirSync(journal.folder) : []),
    count: (operation) => requests.filter((request) => request.operation === operation).length,
  };
}

/** What the client did of this method, once it is over and nothing has gone on behind it. */
export async function settledEvents({ events }: World): Promise<readonly string[]> {
  const before = events.length;
  await new Promise((done) => setTimeout(done, 30));
  if (events.length !== before) throw new Error('requests went on behind the failure');
  return events.map(({ method, path }) => `${method} ${path.replaceAll(/uploadId=[^&]*/g, 'uploadId')}`);
}
