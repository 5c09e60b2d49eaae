import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeCertificate } from '../../sandbox/src/certificate.ts';

export interface TlsServer {
  readonly endpoint: string;
  readonly caPem: string;
  close(): Promise<void>;
}

/** An HTTPS server on loopback that answers as a test wants it. */
export async function startTlsServer(listener: RequestListener): Promise<TlsServer> {
  const certificate = await makeCertificate(new Date());
  const server = createServer(
    { key: certificate.privateKeyPem, cert: certificate.certificatePem, maxHeaderSize: 64 * 1024 },
    listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `https://127.0.0.1:${port}`,
    caPem: certificate.certificatePem,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
