import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { Agent } from 'node:https';

/** What a client needs to know of a server. */
export interface ServerAccess {
  /** undefined = AWS. */
  readonly endpoint: string | undefined;
  readonly caPem: string | undefined;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** The SDK's own client, with nothing of ours in it. */
export function plainClient(server: ServerAccess): S3Client {
  return new S3Client({
    region: server.region,
    credentials: server.credentials,
    ...(server.endpoint === undefined ? {} : { endpoint: server.endpoint, forcePathStyle: true }),
    ignoreConfiguredEndpointUrls: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({
      httpsAgent: new Agent({
        keepAlive: true,
        ...(server.caPem === undefined ? {} : { ca: server.caPem }),
      }),
    }),
  });
}

/** The way to a sandbox. */
export function accessTo(sandbox: {
  readonly endpoint: string;
  readonly caPem: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): ServerAccess {
  const { endpoint, caPem, region, accessKeyId, secretAccessKey } = sandbox;
  return { endpoint, caPem, region, credentials: { accessKeyId, secretAccessKey } };
}
