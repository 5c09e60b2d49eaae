import type { HttpResponse } from '@smithy/types';
import { Readable } from 'node:stream';
import { SsecError } from './errors.ts';

/**
 * A web server answers a put as well as a get with a page, and that must not pass for success. Every S3 server seen
 * sends an ETag or headers of its own with whatever it answers; a page in a refusal may be a gateway's before it.
 *
 * @throws SsecError SETTING_INVALID
 */
export function refuseWebPage({ statusCode, headers, body }: HttpResponse, host: string): void {
  const isPage = /^text\/html\b/i.test(headers['content-type'] ?? '');
  const isAnswer = statusCode < 300 || statusCode === 404 || statusCode === 405;
  const isS3 = Object.keys(headers).some((name) => name.startsWith('x-amz-') || name === 'etag');
  if (!isPage || !isAnswer || isS3) return;
  if (body instanceof Readable) body.destroy();
  throw new SsecError('SETTING_INVALID', `https://${host} is no S3 server: it answered with a web page.`, {
    hints: ['look at the endpoint: --endpoint-url, AWS_ENDPOINT_URL_S3'],
    context: { status: statusCode },
  });
}
