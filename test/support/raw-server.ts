import type { AddressInfo } from 'node:net';
import { type TLSSocket, createServer } from 'node:tls';
import { makeCertificate } from '../../sandbox/src/certificate.ts';

export interface RawRequest {
  /** Request line and headers, as they came. */
  readonly head: string;
  readonly body: Buffer;
  /** Of all requests, from 0. */
  readonly index: number;
  /** Number of the connection, from 0. */
  readonly connection: number;
}

export interface RawServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly caPem: string;
  readonly requests: readonly RawRequest[];
  /** Connections that are open. */
  readonly open: ReadonlySet<TLSSocket>;
  /** Connections that were made, and how many of them took up an earlier session. */
  readonly connections: () => { made: number; resumed: number };
}

/** A TLS server that answers with bytes: what no HTTP server would send. */
export async function startRawServer(
  answer: (socket: TLSSocket, request: RawRequest) => void,
): Promise<RawServer> {
  const certificate = await makeCertificate(new Date());
  const requests: RawRequest[] = [];
  const open = new Set<TLSSocket>();
  let made = 0;
  let resumed = 0;
  const server = createServer(
    { key: certificate.privateKeyPem, cert: certificate.certificatePem },
    (socket) => {
      const connection = made++;
      if (socket.isSessionReused()) resumed++;
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => open.delete(socket));
      let pending = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        const end = pending.indexOf('\r\n\r\n');
        if (end === -1) return;
        const head = pending.toString('latin1', 0, end);
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        if (pending.length < end + 4 + length) return;
        const request = {
          head,
          body: pending.subarray(end + 4, end + 4 + length),
          index: requests.length,
          connection,
        };
        pending = pending.subarray(end + 4 + length);
        requests.push(request);
        answer(socket, request);
      });
    },
  );
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    endpoint: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: certificate.certificatePem,
    requests,
    open,
    connections: () => ({ made, resumed }),
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((closed) => {
        server.close(() => closed());
      });
    },
  };
}
