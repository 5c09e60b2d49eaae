import { readIntegrityHeaders } from '../body/integrity-headers.ts';
import { decodeUtf8 } from '../http/uri.ts';
import { invalidRequest, malformedXml } from '../s3-error.ts';
import type { ServiceContext } from './operation.ts';

/** The body of a request that S3 takes only with a checksum or Content-MD5 of it; of some it names `headers`. */
export async function readRequiredText(
  context: ServiceContext,
  headers = 'Content-MD5 OR x-amz-checksum-*',
): Promise<string> {
  const integrity = readIntegrityHeaders(context.request);
  if (
    integrity.contentMd5 === undefined &&
    integrity.checksum === undefined &&
    integrity.trailer === undefined
  ) {
    throw invalidRequest(`Missing required header for this request: ${headers}`);
  }
  return decodeUtf8(await context.body.readDocument(integrity));
}

/** The same, where it is XML. */
export async function readRequiredDocument(context: ServiceContext, headers?: string): Promise<string> {
  const text = await readRequiredText(context, headers);
  if (text.trim() === '') throw malformedXml();
  return text;
}

export async function readOptionalDocument(context: ServiceContext): Promise<string> {
  return decodeUtf8(await context.body.readDocument(readIntegrityHeaders(context.request)));
}
