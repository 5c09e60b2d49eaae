export interface EnvironmentSource {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly region: string;
  readonly caFile: string;
}

/**
 * What must not be inherited by a command that is to talk to the sandbox: other credentials, another settings file,
 * and switches that would send it past the endpoint.
 */
export const variablesToUnset: readonly string[] = [
  'AWS_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
  'SSEC_ENV_FILE',
];

const loopback = '127.0.0.1,localhost,.localhost,::1';

/** The variables by which AWS's SDKs and CLI, Node, OpenSSL, Go and curl find and trust the sandbox. */
export function sandboxEnvironment(source: EnvironmentSource, bucket?: string): Record<string, string> {
  return {
    ...(bucket === undefined ? {} : { BUCKET_NAME: bucket }),
    AWS_ENDPOINT_URL_S3: source.endpoint,
    AWS_ENDPOINT_URL: source.endpoint,
    AWS_ACCESS_KEY_ID: source.accessKeyId,
    AWS_SECRET_ACCESS_KEY: source.secretAccessKey,
    ...(source.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: source.sessionToken }),
    AWS_REGION: source.region,
    AWS_DEFAULT_REGION: source.region,
    AWS_CA_BUNDLE: source.caFile,
    NODE_EXTRA_CA_CERTS: source.caFile,
    SSL_CERT_FILE: source.caFile,
    CURL_CA_BUNDLE: source.caFile,
    NO_PROXY: loopback,
    no_proxy: loopback,
    PROFILE: '',
  };
}
