import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { HttpRequest } from '@smithy/core/protocols';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { startWireServer, echoOf } from '../support/wire-server.ts';
import { customerKey, faulty, folder, putFile } from './support.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('endpoints that the SDK would find by itself are ignored', async () => {
  await using trap = await startWireServer((request) => ({ status: 200, headers: echoOf(request) }));
  const config = join(folder(), 'config');
  const section = `endpoint_url = ${trap.endpoint}\nservices = trap\n`;
  writeFileSync(
    config,
    `[default]\n${section}\n[profile other]\n${section}\n[services trap]\ns3 =\n  endpoint_url = ${trap.endpoint}\n`,
  );
  vi.stubEnv('AWS_CONFIG_FILE', config);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder(), 'none'));
  vi.stubEnv('AWS_PROFILE', 'other');
  vi.stubEnv('AWS_ENDPOINT_URL', trap.endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', trap.endpoint);
  vi.stubEnv('AWS_REGION', 'eu-west-3');
  const { server, client } = await faulty((request) => ({ status: 200, headers: echoOf(request) }));
  await putFile(client, Buffer.from('x'));
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers['authorization']).toContain('/us-east-1/s3/');
  expect(trap.connections()).toBe(0);
});

test('without an endpoint it is AWS, whatever the environment says', async () => {
  await using trap = await startWireServer((request) => ({ status: 200, headers: echoOf(request) }));
  vi.stubEnv('AWS_ENDPOINT_URL', trap.endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', trap.endpoint);
  const { SsecClient } = await import('../../src/client.ts');
  const { SsecError } = await import('../../src/errors.ts');
  const asked: string[] = [];
  const client = new SsecClient({
    region: 'eu-west-3',
    ca: trap.caPem,
    credentials: () => Promise.resolve({ accessKeyId: 'AKID', secretAccessKey: 'SECRET' }),
    // nothing leaves this machine: the test ends where the way of a request is chosen
    proxyFor: (url) => {
      asked.push(url);
      throw new SsecError('NETWORK', 'stopped by the test');
    },
  });
  await expect(putFile(client, Buffer.from('x'))).rejects.toMatchObject({ code: 'NETWORK' });
  expect(asked).toEqual(['https://bucket.s3.eu-west-3.amazonaws.com/']);
  expect(trap.connections()).toBe(0);
  client.close();
});

test.each<[string, (request: HttpRequest, trap: number) => void]>([
  ['to another port', (request, trap) => Object.assign(request, { port: trap })],
  ['to another host', (request, trap) => Object.assign(request, { hostname: 'localhost', port: trap })],
  ['over http', (request) => Object.assign(request, { protocol: 'http:' })],
])('a request that was turned %s is stopped by the last guard', async (_name, turn) => {
  await using trap = await startWireServer([{ status: 200 }]);
  const { server, client } = await faulty([{ status: 200 }]);
  const command = new HeadObjectCommand({ Bucket: 'bucket', Key: 'k', ...customerKey.requestFields() });
  // whatever may do so inside the SDK: here, after the signature
  command.middlewareStack.add(
    (next) => (args) => {
      turn(args.request as HttpRequest, trap.port);
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await expect(client.send(command)).rejects.toMatchObject({ code: 'INSECURE_ENDPOINT' });
  expect(trap.connections()).toBe(0);
  expect(server.connections()).toBe(0);
});
