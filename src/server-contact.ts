import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { connectTimeoutOf } from './connection-agent.ts';
import { networkError } from './network-error.ts';
import type { NetworkOptions } from './network-options.ts';
import type { SsecRequestHandler } from './request-handler.ts';
import { orInterrupted } from './transfer/or-interrupted.ts';
import { TLS_RULES } from './tls-rules.ts';
import { rootRequest } from './unmanaged-request.ts';

export interface ServerContactOptions {
  /** Where requests go. */
  readonly url: URL;
  readonly network: NetworkOptions;
  readonly signal?: AbortSignal;
}

/** A connection with a server, before anything is asked of it. */
export interface TlsContact {
  /** `TLSv1.3` */
  readonly protocol: string;
  readonly cipher: string;
  /** Who signed its certificate, and until when it is valid. */
  readonly issuer: string;
  readonly validTo: Date;
}

/**
 * The addresses of a server's name.
 *
 * @throws SsecError NETWORK, TIMEOUT
 */
export async function resolveHost({
  url,
  network,
  signal,
}: ServerContactOptions): Promise<readonly string[]> {
  const host = bareHost(url);
  if (isIP(host) !== 0) return [host];
  // getaddrinfo knows no end of its own
  const late = AbortSignal.timeout(connectTimeoutOf(network));
  try {
    const found = orInterrupted(
      lookup(host, { all: true }),
      AbortSignal.any([late, ...(signal === undefined ? [] : [signal])]),
    );
    return (await found).map(({ address }) => address);
  } catch (error) {
    throw networkError(error, url.origin) ?? error;
  }
}

/**
 * A TLS handshake under the same rules as for every request, and the certificate that came.
 *
 * @throws SsecError TLS_UNTRUSTED, NETWORK, TIMEOUT
 */
export async function shakeHands({ url, network, signal }: ServerContactOptions): Promise<TlsContact> {
  signal?.throwIfAborted();
  const host = bareHost(url);
  return new Promise((done, failed) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...TLS_RULES,
      ALPNProtocols: ['http/1.1'],
      ...(network.ca === undefined ? {} : { ca: network.ca }),
    });
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no TLS handshake in time'), { code: 'ETIMEDOUT' }));
    }, connectTimeoutOf(network));
    const onAbort = (): void => {
      socket.destroy(new DOMException('aborted', 'AbortError'));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    socket.once('error', (error) => {
      end();
      failed(networkError(error, url.origin) ?? error);
    });
    socket.once('secureConnect', () => {
      end();
      const certificate = socket.getPeerCertificate();
      const { O: organization, CN: commonName } = certificate.issuer;
      done({
        protocol: socket.getProtocol() ?? 'TLS',
        cipher: socket.getCipher().name,
        issuer: String(organization ?? commonName ?? 'an issuer without a name'),
        validTo: new Date(certificate.valid_to),
      });
      socket.destroy();
    });
  });
}

/**
 * The server's clock, by the `Date` of an answer to a request without signature, through the proxy where there is one.
 *
 * @returns undefined where the answer has none
 * @throws SsecError NETWORK, TIMEOUT, TLS_UNTRUSTED
 */
export async function serverTime(
  { url, signal }: Pick<ServerContactOptions, 'url' | 'signal'>,
  handler: SsecRequestHandler,
): Promise<Date | undefined> {
  const request = rootRequest(url, { method: 'HEAD' });
  try {
    const { response } = await handler.handle(request, signal === undefined ? {} : { abortSignal: signal });
    const date = new Date(response.headers['date'] ?? '');
    return Number.isNaN(date.getTime()) ? undefined : date;
  } catch (error) {
    throw networkError(error, url.origin) ?? error;
  }
}

/** Without the brackets that a URL puts around an IPv6 address. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
