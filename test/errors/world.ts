import { PutObjectCommand } from '@aws-sdk/client-s3';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from 'ssec-sandbox';
import type { ErrorCode } from '../../src/errors.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';

/** The key of every row that does not say otherwise. */
export const KEY = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
export const OTHER_KEY = '6b+WOZ1T3cqZMxgThRcXAQBrS5mXKdDUphvpxptl9/4=';

/** The settings of a user whose server is another than a sandbox; its certificate stands in `ca.pem`. */
export function environmentFor(endpoint: string): Record<string, string | undefined> {
  return {
    PATH: process.env['PATH'],
    BUCKET_NAME: 'my-bucket',
    SSE_CUSTOMER_KEY_BASE64: KEY,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_CA_BUNDLE: 'ca.pem',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'not-a-secret',
  };
}

/** One mistake and what it gets. In texts `{endpoint}` and `{cwd}` stand for what they are in this run. */
export interface Row {
  readonly when: string;
  readonly argv: readonly string[];
  /** As `unmetNeed` takes it. */
  readonly needs?: string;
  readonly code: ErrorCode;
  readonly exit: number;
  readonly message: string;
  readonly hints?: readonly string[];
  /** What the human output adds of the server's own words. */
  readonly note?: string;
  /** Other lines on stderr, before the error. */
  readonly before?: readonly string[];
  readonly sandbox?: SandboxOptions;
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Over the environment that would succeed; undefined = unset. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Uint8Array;
  readonly terminal?: boolean;
  readonly prepare?: (world: World) => Promise<void> | void;
  /** Requests that the server got; 0 = nothing left the process. */
  readonly requests?: number;
  /** stdout is the command's, so that there is no --json. */
  readonly humanOnly?: boolean;
}

/** A sandbox with a bucket, and a folder in which `ssec put data` and `ssec get there` would succeed. */
export interface World {
  readonly cwd: string;
  readonly sandbox: Sandbox;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Counted after `prepare`. */
  requests: number;
  /** Told of each request once it is answered. */
  onRequest: (operation: string) => void;
  putPlain(key: string, body?: string, extra?: Record<string, unknown>): Promise<void>;
  putEncrypted(key: string, customerKey?: string): Promise<void>;
}

export async function openWorld(row: Row, cwd: string): Promise<World & { close(): Promise<void> }> {
  const sandbox = await startSandbox({
    ...row.sandbox,
    onRequest: (request) => {
      world.requests++;
      world.onRequest(request.operation);
    },
  });
  await sandbox.createBucket('my-bucket');
  const client = plainClient(accessTo(sandbox));
  const put = async (key: string, extra: Record<string, unknown>): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: 'my-bucket', Key: key, Body: 'hello', ...extra }));
  };
  const world = {
    cwd,
    sandbox,
    env: {
      PATH: process.env['PATH'],
      ...sandbox.env('my-bucket'),
      SSE_CUSTOMER_KEY_BASE64: KEY,
      // some rows are told on a terminal
      NO_COLOR: '1',
      AWS_CONFIG_FILE: join(cwd, 'aws-config'),
      AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'aws-credentials'),
      ...row.env,
    },
    requests: 0,
    onRequest: (_operation: string): void => undefined,
    putPlain: (key: string, body = 'hello', extra: Record<string, unknown> = {}) =>
      put(key, { Body: body, ...extra }),
    putEncrypted: (key: string, customerKey = KEY) =>
      put(key, { SSECustomerAlgorithm: 'AES256', SSECustomerKey: customerKey }),
    close: async () => {
      client.destroy();
      await sandbox.close();
    },
  };
  for (const [name, content] of Object.entries({ data: 'hello\n', ...row.files })) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    if (name.endsWith('/')) mkdirSync(join(cwd, name), { recursive: true });
    else writeFileSync(join(cwd, name), content, { mode: 0o600 });
  }
  await row.prepare?.(world);
  world.requests = 0;
  return world;
}
