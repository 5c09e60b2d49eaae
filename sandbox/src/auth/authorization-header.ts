import { notImplemented, S3Error } from '../s3-error.ts';
import { algorithm } from './sigv4.ts';

export interface Authorization {
  readonly accessKeyId: string;
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
  readonly scope: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

export function parseAuthorization(header: string, expected: 's3' | 'sts'): Authorization {
  if (header.startsWith('AWS4-ECDSA-P256-SHA256')) throw notImplemented('Signature Version 4A');
  if (!header.startsWith(algorithm)) {
    throw new S3Error(
      400,
      'InvalidRequest',
      `The authorization mechanism you have provided is not supported. Please use ${algorithm}.`,
    );
  }
  const parts = new Map<string, string>();
  for (const part of header.slice(algorithm.length).split(',')) {
    const [name = '', ...value] = part.trim().split('=');
    parts.set(name, value.join('='));
  }
  const credential = required(parts, 'Credential');
  const signedHeaders = required(parts, 'SignedHeaders').split(';');
  const signature = required(parts, 'Signature');

  const fields = credential.split('/');
  const [service, terminator] = fields.slice(-2);
  const [date, region] = fields.slice(-4, -2);
  const accessKeyId = fields.slice(0, -4).join('/');
  if (date === undefined || region === undefined || accessKeyId === '' || !/^\d{8}$/.test(date)) {
    throw malformed(
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
    );
  }
  if (service !== expected)
    throw malformed(`incorrect service "${service ?? ''}". This endpoint belongs to "${expected}".`);
  if (terminator !== 'aws4_request') {
    throw malformed(`incorrect terminal "${terminator ?? ''}". This endpoint uses "aws4_request".`);
  }
  const scope = `${date}/${region}/${service}/aws4_request`;
  return { accessKeyId, date, region, scope, signedHeaders, signature };
}

function required(parts: ReadonlyMap<string, string>, name: string): string {
  const value = parts.get(name);
  if (value === undefined || value === '') {
    throw malformed(
      'the authorization header requires three components: Credential, SignedHeaders, and Signature.',
    );
  }
  return value;
}

function malformed(why: string): S3Error {
  return new S3Error(400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; ${why}`);
}
