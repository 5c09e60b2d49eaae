import { Agent } from 'node:https';
import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { afterAll, beforeAll } from 'vitest';
import type { Sandbox } from '../../src/index.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** The SDK's own client to the sandbox of a test file, as it is without settings. */
export function sdkClient(running: () => Sandbox): () => S3Client {
  let client: S3Client | undefined;
  let httpsAgent: Agent | undefined;
  beforeAll(() => {
    const { endpoint, region, accessKeyId, secretAccessKey, caPem } = running();
    httpsAgent = new Agent({ ca: caPem, keepAlive: true });
    client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
      requestHandler: { httpsAgent },
    });
  });
  afterAll(() => httpsAgent?.destroy());
  return () => {
    if (client === undefined) throw new Error('the sandbox has not started');
    return client;
  };
}

export interface Refusal {
  readonly status: number | undefined;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the server says instead of doing it. */
export async function refusal(request: Promise<unknown>): Promise<Refusal> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return {
      status: error.$metadata.httpStatusCode,
      code: error.name,
      headers: error.$response?.headers ?? {},
    };
  }
  throw new Error('it was done');
}
