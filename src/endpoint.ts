import { SsecError } from './errors.ts';

/**
 * The URL of an S3-compatible server.
 *
 * @throws SsecError SETTING_INVALID where it is no URL, INSECURE_ENDPOINT where it is not https
 */
export function parseEndpoint(text: string): URL {
  const shown = withoutSecrets(text);
  // "localhost:9000" would pass as a URL with the scheme "localhost:"
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    throw new SsecError('SETTING_INVALID', `The endpoint "${shown}" is not a URL.`, {
      hints: shown.includes('://') ? [] : [`write it with its scheme: https://${shown.replace(/^\/+/, '')}`],
    });
  }
  if (url.protocol !== 'https:') {
    throw new SsecError(
      'INSECURE_ENDPOINT',
      `The endpoint "${shown}" is not https, and the customer key would cross the network in clear.`,
      { hints: ['use the https address of the server; S3 itself refuses SSE-C over http'] },
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new SsecError(
      'SETTING_INVALID',
      `The endpoint "${url.origin}" may hold no user, query or fragment.`,
    );
  }
  return url;
}

/** An endpoint as it may be shown: whoever put a password into it did not mean to publish it. */
export function withoutSecrets(endpoint: string): string {
  return endpoint.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1').replace(/[?#].*$/s, '');
}
