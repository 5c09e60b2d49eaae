import { SsecError, systemErrorCode } from './errors.ts';

/** Codes of OpenSSL's verification and of Node.js that mean: this server's certificate is not to be trusted. */
const UNTRUSTED: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a certificate that is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'who issued it is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'who issued it is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'who issued it is not trusted here',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet (or the clock is wrong)',
  CERT_REVOKED: 'it was revoked',
  CERT_UNTRUSTED: 'it is not trusted here',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host',
  HOSTNAME_MISMATCH: 'it is for another host',
  INVALID_CA: 'its chain is not a valid one',
  INVALID_PURPOSE: 'it is not one for servers',
  PATH_LENGTH_EXCEEDED: 'its chain is not a valid one',
  CERT_CHAIN_TOO_LONG: 'its chain is not a valid one',
  CERT_REJECTED: 'it was rejected',
  CA_MD_TOO_WEAK: 'its chain is signed in a weak way',
  EE_KEY_TOO_SMALL: 'its key is too short',
  CA_KEY_TOO_SMALL: 'its chain holds a key that is too short',
};

/** What mends it, where naming a CA would not. */
const UNTRUSTED_HINTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'whoever runs the server must renew it',
  CERT_NOT_YET_VALID: 'look at the clock of this machine, then at the certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'name the server as its certificate does',
  HOSTNAME_MISMATCH: 'name the server as its certificate does',
};

/** A failure before any answer came, as one of our errors; undefined where it is not one of the network. */
export function networkError(error: unknown, endpoint: string | undefined): SsecError | undefined {
  const code = systemErrorCode(error);
  const host = endpoint ?? 'S3';
  const untrusted = code === undefined ? undefined : UNTRUSTED[code];
  if (untrusted !== undefined) {
    return new SsecError('TLS_UNTRUSTED', `The certificate of ${host} is not trusted: ${untrusted}.`, {
      hints: [
        UNTRUSTED_HINTS[code ?? ''] ?? 'name the CA that signed it: AWS_CA_BUNDLE=/path/to/ca.pem',
        'there is no option to skip this: the customer key would go to whoever answers',
      ],
      cause: error,
      context: { systemCode: code },
    });
  }
  const name = error instanceof Error ? error.name : '';
  const made = (
    errorCode: 'NETWORK' | 'TIMEOUT' | 'TLS_UNTRUSTED',
    message: string,
    ...hints: string[]
  ): SsecError => new SsecError(errorCode, message, { hints, cause: error, context: { systemCode: code } });
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
      return made(
        'NETWORK',
        `The host of ${host} is not known to DNS (${code}).`,
        endpoint === undefined
          ? 'look at the region'
          : 'look at the endpoint; where it knows no buckets in host names: SSEC_ADDRESSING=path',
      );
    case 'ECONNREFUSED':
      return made('NETWORK', `${host} refused the connection.`, 'is the server up, and the port right?');
    case 'EMFILE':
    case 'ENFILE':
      return made('NETWORK', `No connection to ${host} could be opened: too many files are open (${code}).`);
    case 'ETIMEDOUT':
    case 'ESOCKETTIMEDOUT':
      return made('TIMEOUT', `${host} did not answer in time.`, 'try again');
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ECONNABORTED':
    case 'ERR_STREAM_PREMATURE_CLOSE':
    case 'EHOSTUNREACH':
    case 'EHOSTDOWN':
    case 'ENETDOWN':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'HPE_INVALID_CONSTANT':
      return made('NETWORK', `The connection to ${host} broke (${code}).`, 'try again');
    default:
      if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE_NO_CERT/.test(code ?? '')) {
        return made(
          'TLS_UNTRUSTED',
          `${host} wants a certificate of the client, and ssec has none (${code ?? ''}).`,
        );
      }
      if (code?.startsWith('ERR_SSL_') === true || code === 'EPROTO') {
        return made(
          'TLS_UNTRUSTED',
          `${host} does not speak TLS 1.2 or newer on that port (${code}).`,
          'look at the port of the endpoint',
        );
      }
      if (code?.startsWith('HPE_') === true)
        return made('NETWORK', `${host} did not answer in HTTP (${code}).`, 'look at the endpoint');
      if (name === 'TimeoutError') return made('TIMEOUT', `${host} did not answer in time.`, 'try again');
      if (error instanceof Error && /(?:^|: )(?:Bad response: \d+|Proxy timeout)$/.test(error.message)) {
        return made(
          'NETWORK',
          `The proxy did not open the way to ${host}: ${error.message}.`,
          'look at HTTPS_PROXY and NO_PROXY',
        );
      }
      if (error instanceof Error && error.message === 'aborted')
        return made('NETWORK', `The connection to ${host} broke.`, 'try again');
      return undefined;
  }
}
