import { type AddressInfo, type Socket, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SsecClient } from '../../src/client.ts';
import { putObject } from '../../src/put-object.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { rejected } from '../unit/support/thrown.ts';
import { customerKey } from './support.ts';

/** Takes connections and says nothing. */
async function silentPort(): Promise<{ port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

describe('a port that takes connections and says nothing', () => {
  test.each(['server', 'proxy'] as const)(
    'as %s: given up in time, and no connection is left',
    async (place) => {
      const { port, sockets } = await silentPort();
      const client = new SsecClient({
        region: 'us-east-1',
        endpoint: place === 'server' ? `https://127.0.0.1:${port}` : 'https://127.0.0.1:9',
        credentials: { accessKeyId: 'AKID', secretAccessKey: 'SECRET' },
        maxAttempts: 1,
        connectTimeoutMs: 200,
        ...(place === 'proxy' ? { proxyFor: () => `http://127.0.0.1:${port}` } : {}),
      });
      const source = new BytesSource(Buffer.from('hello'));
      const error = await rejected(putObject({ client, bucket: 'bucket', key: 'k', customerKey, source }));
      expect(['TIMEOUT', 'NETWORK']).toContain(error.code);
      client.close();
      await expect.poll(() => sockets.size).toBe(0);
    },
  );
});
