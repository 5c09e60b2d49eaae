import { createServer } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';

interface Connect {
  /** `host:port`, as the client asked for it. */
  readonly target: string;
  /** The proxy-authorization header. */
  readonly authorization: string | undefined;
}

export interface ConnectProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly connects: readonly Connect[];
  close(): Promise<void>;
}

export interface ConnectProxyOptions {
  /** Refuses every CONNECT with this status. */
  readonly refuse?: number;
  /** Where a tunnel leads; default: to its target. A name that no DNS knows can so be reached. */
  readonly route?: (target: string) => { host: string; port: number };
}

/** An HTTP proxy that knows CONNECT and nothing else: what it carries it cannot read. */
export async function startConnectProxy(options: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const connects: Connect[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((_request, response) => {
    response.writeHead(405).end();
  });
  server.on('connection', track);
  server.on('connect', (request, client: Socket, head) => {
    const target = request.url ?? '';
    connects.push({ target, authorization: request.headers['proxy-authorization'] });
    if (options.refuse !== undefined) {
      client.end(`HTTP/1.1 ${options.refuse} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect(options.route?.(target) ?? { host: hostname, port: Number(port) }, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    track(upstream);
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((closed) => {
      server.close(() => closed());
    });
  };
  return { url: `http://127.0.0.1:${port}`, port, connects, close, [Symbol.asyncDispose]: close };
}
