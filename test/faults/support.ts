import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type SsecClientOptions, SsecClient } from '../../src/client.ts';
import { type GetObjectResult, getObject } from '../../src/get-object.ts';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { putObject } from '../../src/put-object.ts';
import type { PutObjectOptions, PutObjectResult } from '../../src/put-request.ts';
import { openFileTarget } from '../../src/transfer/atomic-file.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import {
  type WireAnswer,
  type WireHandler,
  type WireServer,
  startWireServer,
} from '../support/wire-server.ts';

export const customerKey = CustomerKey.fromBytes(
  Buffer.from('pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=', 'base64'),
);

/** A server that does as told, and a client that trusts it; both go when the test ends. */
export async function faulty(
  script: readonly WireAnswer[] | WireHandler,
  options: Partial<SsecClientOptions> = {},
): Promise<{ server: WireServer; client: SsecClient }> {
  const server = await startWireServer(script);
  const client = clientOf(server, options);
  onTestFinished(() => server.close());
  return { server, client };
}

export function clientOf(server: WireServer, options: Partial<SsecClientOptions> = {}): SsecClient {
  const client = new SsecClient({
    region: 'us-east-1',
    endpoint: server.endpoint,
    ca: server.caPem,
    credentials: () => Promise.resolve({ accessKeyId: 'AKID', secretAccessKey: 'SECRET' }),
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ssec-faults-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export async function fileSource(content: Uint8Array): Promise<FileSource> {
  const path = join(folder(), 'data.bin');
  writeFileSync(path, content);
  const source = await FileSource.open(path, 'data.bin');
  onTestFinished(() => source.close());
  return source;
}

export async function putFile(
  client: SsecClient,
  content: Uint8Array,
  options: Partial<PutObjectOptions> = {},
): Promise<PutObjectResult> {
  const source = await fileSource(content);
  return putObject({ client, bucket: 'bucket', key: 'k', customerKey, source, ...options });
}

/** Downloads into `path`. */
export function getFile(client: SsecClient, path: string): Promise<GetObjectResult> {
  return getObject({
    client,
    bucket: 'bucket',
    key: 'k',
    customerKey,
    openSink: () => openFileTarget(path),
  });
}
