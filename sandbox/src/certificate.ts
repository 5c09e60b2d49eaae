import { generate } from 'selfsigned';

export interface ServerCertificate {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
}

/**
 * One self-signed certificate that is its own trust anchor. It is no CA on purpose: such a leaf is accepted by
 * OpenSSL (also with X509_STRICT, Python's default since 3.13, which wants key identifiers from a CA), by Node,
 * Go, GnuTLS and webpki (which refuses a CA certificate as a server's).
 */
export async function makeCertificate(now: Date): Promise<ServerCertificate> {
  const day = 86_400_000;
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A clock that is a little behind must not make the certificate one of the future.
    notBeforeDate: new Date(now.getTime() - day),
    notAfterDate: new Date(now.getTime() + 365 * day),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          // Go takes the first of these; Node, OpenSSL and curl want two dots after a wildcard.
          { type: 2, value: '*.localhost' },
          { type: 2, value: 's3.localhost' },
          { type: 2, value: '*.s3.localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { privateKeyPem: made.private, certificatePem: made.cert };
}
