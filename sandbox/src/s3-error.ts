/** What S3 answers instead of a result: the status, and the elements of the <Error> document. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'S3Error';
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }
}

export function invalidArgument(message: string, name?: string, value?: string): S3Error {
  return new S3Error(400, 'InvalidArgument', message, {
    ...(name === undefined ? {} : { ArgumentName: name }),
    ...(value === undefined ? {} : { ArgumentValue: value }),
  });
}

export function invalidRequest(message: string): S3Error {
  return new S3Error(400, 'InvalidRequest', message);
}

export function accessDenied(
  message = 'Access Denied',
  fields: Readonly<Record<string, string>> = {},
): S3Error {
  return new S3Error(403, 'AccessDenied', message, fields);
}

export function malformedXml(): S3Error {
  return new S3Error(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

export function malformedPolicy(message: string): S3Error {
  return new S3Error(400, 'MalformedPolicy', message);
}

export function badChecksum(algorithm: string): S3Error {
  return new S3Error(
    400,
    'BadDigest',
    `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
  );
}

export function noSuchUpload(uploadId: string): S3Error {
  return new S3Error(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  );
}

export function noSuchKey(key: string, headers: Readonly<Record<string, string>> = {}): S3Error {
  return new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key }, headers);
}

export function noSuchVersion(key: string, versionId: string): S3Error {
  return new S3Error(404, 'NoSuchVersion', 'The specified version does not exist.', {
    Key: key,
    VersionId: versionId,
  });
}

export function noSuchBucket(bucket: string): S3Error {
  return new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket });
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    { Condition: condition },
  );
}

export function conditionalRequestConflict(condition: string, key: string): S3Error {
  return new S3Error(
    409,
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Condition: condition, Key: key },
  );
}

/** For a header, or a value of it, that this server does not act on: ignoring it would be a wrong success. */
export function headerNotImplemented(header: string, additionalMessage?: string): S3Error {
  return new S3Error(
    501,
    'NotImplemented',
    'A header you provided implies functionality that is not implemented',
    { Header: header, ...(additionalMessage === undefined ? {} : { additionalMessage }) },
  );
}

export function notImplemented(what: string): S3Error {
  return new S3Error(501, 'NotImplemented', `The sandbox does not implement ${what}.`);
}
