import { HttpRequest } from '@smithy/core/protocols';

/** A request for the root of a server, that no client of the SDK makes. */
export function rootRequest(
  url: URL,
  {
    method,
    headers = {},
    body,
  }: Pick<Partial<HttpRequest>, 'headers' | 'body'> & { readonly method: string },
): HttpRequest {
  return new HttpRequest({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: '/',
    headers: { host: url.host, 'user-agent': 'ssec', ...headers },
    ...(body === undefined ? {} : { body }),
  });
}
