import type { S3Request } from '../http/s3-request.ts';
import { invalidArgument } from '../s3-error.ts';

const headerOf: Readonly<Record<string, string>> = {
  'response-cache-control': 'Cache-Control',
  'response-content-disposition': 'Content-Disposition',
  'response-content-encoding': 'Content-Encoding',
  'response-content-language': 'Content-Language',
  'response-content-type': 'Content-Type',
  'response-expires': 'Expires',
};

/** Query parameters by which a reader sets a header of the answer. */
export const responseOverrides: readonly string[] = Object.keys(headerOf);

export function readResponseOverrides(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, value } of request.query) {
    const header = headerOf[name];
    if (header === undefined) continue;
    // oxlint-disable-next-line no-control-regex
    if (/[\u0000-\u001f\u007f]/.test(value)) throw invalidArgument('Invalid header value', name, value);
    // Headers are bytes: those of the UTF-8 that was asked for.
    headers[header] = Buffer.from(value).toString('latin1');
  }
  return headers;
}
