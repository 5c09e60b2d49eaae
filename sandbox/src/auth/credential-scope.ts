/** What a signature says of who made it, when, and for which service of which region. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** YYYYMMDD */
  readonly date: string;
  readonly region: string;
  readonly scope: string;
}

/** `ID/YYYYMMDD/REGION/SERVICE/aws4_request`; `malformed` makes the error of the place where it stood. */
export function parseCredential(
  credential: string,
  expected: 's3' | 'sts',
  malformed: (why: string) => Error,
): CredentialScope {
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
  return { accessKeyId, date, region, scope: `${date}/${region}/${service}/aws4_request` };
}
