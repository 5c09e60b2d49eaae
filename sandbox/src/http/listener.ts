import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { ServerCertificate } from '../certificate.ts';
import { exchange, type Service } from './exchange.ts';

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** With a certificate over TLS, without one in clear. */
export async function listen(
  service: Service,
  port: number,
  certificate: ServerCertificate | undefined,
): Promise<Listener> {
  const secure = certificate !== undefined;
  const options = {
    // A body of 5 GiB may take its time, and a pooled connection must not be closed under a client's next request.
    requestTimeout: 0,
    keepAliveTimeout: 65_000,
    maxHeaderSize: 32 * 1024,
  };
  const server =
    certificate === undefined
      ? createHttpServer(options)
      : createHttpsServer({
          ...options,
          key: certificate.privateKeyPem,
          cert: certificate.certificatePem,
          minVersion: 'TLSv1.2',
        });
  const exchanges = new Set<Promise<unknown>>();
  const take = (awaitsContinue: boolean) => (message: IncomingMessage, response: ServerResponse) => {
    const running = exchange(service, { message, response, secure, awaitsContinue })
      // A fault in here costs one connection, never the process that runs us.
      .catch(() => void response.destroy())
      .finally(() => exchanges.delete(running));
    exchanges.add(running);
  };
  server.on('request', take(false));
  server.on('checkContinue', take(true));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    port: address.port,
    async close() {
      await stop(server);
      // Uploads that were cut off clear away what they wrote.
      await Promise.all(exchanges);
    },
  };
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
