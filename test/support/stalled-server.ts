import { startTlsServer, type TlsServer } from './tls-server.ts';

export interface StalledServer extends TlsServer {
  readonly what: 'get' | 'put';
  /** Resolves once a request has come so far that no more will happen. */
  readonly inTheMiddle: Promise<void>;
}

/** A server that sends half of an object, or takes some bytes of one, and then nothing more. */
export async function startStalledServer(what: 'get' | 'put'): Promise<StalledServer> {
  let reached = (): void => undefined;
  const inTheMiddle = new Promise<void>((done) => {
    reached = done;
  });
  const server = await startTlsServer((request, response) => {
    if (what === 'put') {
      request.once('data', () => {
        request.pause();
        reached();
      });
      return;
    }
    const prefix = 'x-amz-server-side-encryption-customer-';
    response.writeHead(200, {
      'content-length': '2000000',
      [`${prefix}algorithm`]: String(request.headers[`${prefix}algorithm`]),
      [`${prefix}key-md5`]: String(request.headers[`${prefix}key-md5`]),
    });
    response.write(Buffer.alloc(1_000_000), () => reached());
  });
  return { ...server, what, inTheMiddle };
}
