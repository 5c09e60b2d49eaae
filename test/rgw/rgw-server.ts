import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ServerAccess, plainClient } from '../support/plain-client.ts';

/** The server that `run.sh` started. */
export interface RgwServer extends ServerAccess {
  readonly endpoint: string;
  readonly httpEndpoint: string;
  readonly caFile: string;
}

export function rgwServer(): RgwServer {
  const caFile = variable('CA_FILE');
  return {
    endpoint: variable('ENDPOINT'),
    httpEndpoint: variable('HTTP_ENDPOINT'),
    caFile,
    caPem: readFileSync(caFile, 'utf8'),
    region: variable('REGION'),
    credentials: { accessKeyId: variable('ACCESS_KEY_ID'), secretAccessKey: variable('SECRET_ACCESS_KEY') },
  };
}

/** A bucket that nobody else uses. */
export async function freshBucket(server: RgwServer): Promise<string> {
  const bucket = `ssec-test-${randomBytes(6).toString('hex')}`;
  const client = plainClient(server);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return bucket;
}

/** The variables by which clients find it. */
export function rgwEnvironment(server: RgwServer, bucket: string): Record<string, string> {
  return {
    BUCKET_NAME: bucket,
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
    AWS_REGION: server.region,
    AWS_DEFAULT_REGION: server.region,
    AWS_CA_BUNDLE: server.caFile,
    NO_PROXY: '127.0.0.1,localhost',
    PROFILE: '',
  };
}

function variable(name: string): string {
  const value = process.env[`SSEC_TEST_${name}`];
  if (value === undefined) throw new Error(`SSEC_TEST_${name} is not set: run test/rgw/run.sh`);
  return value;
}
