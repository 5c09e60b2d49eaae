/** What S3 answered, as far as the SDK tells. */
export interface ServiceAnswer {
  readonly status: number;
  /** S3's error code; undefined for HEAD, whose errors have no body, and for what is no S3 answer at all. */
  readonly code: string | undefined;
  readonly message: string;
  readonly requestId: string | undefined;
  readonly attempts: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Reads an error of the SDK as S3's answer; undefined where no answer came. */
export function serviceAnswer(error: unknown): ServiceAnswer | undefined {
  if (!(error instanceof Error) || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null) return undefined;
  const status = field(metadata, 'httpStatusCode');
  if (typeof status !== 'number') return undefined;
  const response = '$response' in error ? error.$response : undefined;
  const headers = field(response, 'headers');
  const named = field(error, 'Code') ?? field(error, 'code');
  const code = typeof named === 'string' ? named : error.name;
  const requestId = field(metadata, 'requestId');
  const attempts = field(metadata, 'attempts');
  return {
    status,
    code: /^(Unknown|UnknownError|Error|SyntaxError|NotFound|BadRequest|Forbidden|\d+)$/.test(code)
      ? undefined
      : code,
    // the SDK's word for an empty message, which RGW sends with most errors
    message: /^UnknownError$|Deserialization error|XML parse error/.test(error.message) ? '' : error.message,
    requestId: typeof requestId === 'string' ? requestId : undefined,
    attempts: typeof attempts === 'number' ? attempts : 1,
    headers: isStrings(headers) ? headers : {},
  };
}

/** The region that S3 names as the bucket's own, where it refused because the request was for another. */
export function redirectRegion(error: unknown): string | undefined {
  const answer = serviceAnswer(error);
  if (answer === undefined) return undefined;
  const named = answer.headers['x-amz-bucket-region'] ?? field(error, 'Region');
  const misdirected =
    [301, 307, 308].includes(answer.status) ||
    (answer.status === 400 &&
      (answer.code === 'AuthorizationHeaderMalformed' || answer.code === undefined)) ||
    answer.code === 'IllegalLocationConstraintException';
  return misdirected ? regionName(named) : undefined;
}

/** What a server says is a region, where it can be the name of one. */
export function regionName(named: unknown): string | undefined {
  return typeof named === 'string' && /^[a-z0-9-]{2,40}$/.test(named) ? named : undefined;
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function isStrings(value: unknown): value is Record<string, string> {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((v) => typeof v === 'string')
  );
}

/** A response as the SDK's request handler gives it. */
export function isObjectWithHeaders(
  response: unknown,
): response is { readonly headers: Readonly<Record<string, string>> } {
  return isStrings(field(response, 'headers'));
}
