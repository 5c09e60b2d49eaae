import { describe, expect, test } from 'vitest';
import { type ErrorCode, systemErrorCode } from '../../src/errors.ts';
import { networkError } from '../../src/network-error.ts';

const failed = (code: string, name = 'Error'): Error => Object.assign(new Error('x'), { code, name });

describe('what the network said', () => {
  test.each<[string, ErrorCode, RegExp]>([
    ['ENOTFOUND', 'NETWORK', /not known to DNS/],
    ['EAI_AGAIN', 'NETWORK', /not known to DNS/],
    ['ECONNREFUSED', 'NETWORK', /refused the connection/],
    ['ECONNRESET', 'NETWORK', /broke/],
    ['EPIPE', 'NETWORK', /broke/],
    ['EHOSTUNREACH', 'NETWORK', /broke/],
    ['ENETUNREACH', 'NETWORK', /broke/],
    ['ERR_STREAM_PREMATURE_CLOSE', 'NETWORK', /broke/],
    ['HPE_INVALID_CONSTANT', 'NETWORK', /broke|HTTP/],
    ['HPE_INVALID_STATUS', 'NETWORK', /did not answer in HTTP/],
    ['ETIMEDOUT', 'TIMEOUT', /in time/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_UNTRUSTED', /does not speak TLS/],
    ['EPROTO', 'TLS_UNTRUSTED', /does not speak TLS/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS_UNTRUSTED', /self-signed/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'TLS_UNTRUSTED', /not trusted here/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS_UNTRUSTED', /not trusted here/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'TLS_UNTRUSTED', /not trusted here/],
    ['CERT_HAS_EXPIRED', 'TLS_UNTRUSTED', /has expired/],
    ['CERT_NOT_YET_VALID', 'TLS_UNTRUSTED', /not valid yet/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_UNTRUSTED', /another host/],
  ])('%s: %s', (code, wanted, sentence) => {
    const error = networkError(failed(code), 'https://s3.example.com');
    expect(error?.code).toBe(wanted);
    expect(error?.message).toMatch(sentence);
    expect(error?.message).toContain('https://s3.example.com');
    expect(error?.hints).not.toEqual([]);
    expect(error?.context).toEqual({ systemCode: code });
    expect(networkError(failed(code), undefined)?.message).toContain('S3');
  });

  test('an untrusted certificate has no way round', () => {
    const error = networkError(failed('CERT_UNTRUSTED'), undefined);
    expect(error?.hints.join()).toMatch(/AWS_CA_BUNDLE=/);
    const expired = networkError(failed('CERT_HAS_EXPIRED'), undefined);
    expect(expired?.hints[0]).toBe('whoever runs the server must renew it');
    expect(error?.hints.join()).not.toMatch(/insecure|REJECT_UNAUTHORIZED/i);
  });

  test.each<[string, Error, ErrorCode, RegExp]>([
    ['a time-out of the SDK', Object.assign(new Error('x'), { name: 'TimeoutError' }), 'TIMEOUT', /in time/],
    ['a proxy that refused', new Error('Bad response: 407'), 'NETWORK', /proxy did not open the way.*407/],
    ['a proxy that hung', new Error('Proxy timeout'), 'NETWORK', /proxy/],
    ['a cut answer', new Error('aborted'), 'NETWORK', /broke/],
  ])('%s', (_name, error, code, sentence) => {
    expect(networkError(error, undefined)?.code).toBe(code);
    expect(networkError(error, undefined)?.message).toMatch(sentence);
  });

  test.each([new Error('x'), failed('ENOENT'), failed('ERR_INVALID_ARG_TYPE'), 'text', undefined])(
    '%s is none of the network',
    (error) => {
      expect(networkError(error, undefined)).toBeUndefined();
    },
  );
});

describe('the code of a system error', () => {
  test.each<[string, unknown, string | undefined]>([
    ['its own', failed('ENOENT'), 'ENOENT'],
    ['of its cause', new Error('x', { cause: new Error('y', { cause: failed('EACCES') }) }), 'EACCES'],
    [
      'of several addresses tried',
      new AggregateError([failed('ECONNREFUSED'), failed('ENETUNREACH')]),
      'ECONNREFUSED',
    ],
    ['none', new Error('x'), undefined],
    ['no error', { code: 'ENOENT' }, undefined],
  ])('%s', (_name, error, code) => {
    expect(systemErrorCode(error)).toBe(code);
  });

  test('a circle of causes ends', () => {
    const error = new Error('x');
    error.cause = error;
    expect(systemErrorCode(error)).toBeUndefined();
  });
});
