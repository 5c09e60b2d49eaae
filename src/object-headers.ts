import { SsecError } from './errors.ts';

/** What S3 keeps of an object and hands out with it, as `headObject` tells it. Empty is as good as not there. */
export interface ObjectHeaders {
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  /** Kept to the letter; need not be a date. */
  readonly expires?: string | undefined;
  readonly websiteRedirectLocation?: string | undefined;
}

const NAMES: Readonly<Record<keyof ObjectHeaders, string>> = {
  cacheControl: 'Cache-Control',
  contentDisposition: 'Content-Disposition',
  contentEncoding: 'Content-Encoding',
  contentLanguage: 'Content-Language',
  expires: 'Expires',
  websiteRedirectLocation: 'x-amz-website-redirect-location',
};

/**
 * @throws SsecError USAGE for characters that cannot be signed and sent
 */
export function checkObjectHeaders(headers: ObjectHeaders): void {
  for (const name of Object.keys(NAMES) as (keyof ObjectHeaders)[]) {
    if (!/^[\t\x20-\x7e]*$/.test(headers[name] ?? ''))
      throw new SsecError('USAGE', `${NAMES[name]} holds a character that a header cannot carry.`, {
        hints: ['ASCII alone goes; Content-Disposition can encode the rest (RFC 6266: filename*=)'],
      });
  }
}

/**
 * In the names of the S3 API. `ExpiresString` is not one that requests have: the client makes the header of it, since
 * the SDK's own `Expires` is a date, and S3 keeps any text.
 */
export function objectHeaderFields(headers: ObjectHeaders = {}): Readonly<Record<string, string>> {
  const fields = {
    CacheControl: headers.cacheControl,
    ContentDisposition: headers.contentDisposition,
    ContentEncoding: encodingOfObject(headers.contentEncoding),
    ContentLanguage: headers.contentLanguage,
    ExpiresString: headers.expires,
    WebsiteRedirectLocation: headers.websiteRedirectLocation,
  };
  return Object.fromEntries(
    Object.entries(fields).filter((field): field is [string, string] => (field[1] ?? '') !== ''),
  );
}

/** `aws-chunked` is how a request was sent, though some servers keep it; sent again it would be believed. */
function encodingOfObject(encoding: string | undefined): string | undefined {
  if (encoding?.includes('aws-chunked') !== true) return encoding;
  return encoding
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== 'aws-chunked')
    .join(',');
}
