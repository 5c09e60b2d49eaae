import type { CompleteMultipartUploadCommand, GetObjectAttributesCommand } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { isObjectWithHeaders } from '../service-answer.ts';

/** The longest answer to GetObjectAttributes of 1,000 parts (bytes), with room to spare. */
const MAX_ATTRIBUTES_BYTES = 4 * 1024 ** 2;

/**
 * A server that does not know GetObjectAttributes may answer with the object itself: that must not be read, let
 * alone parsed.
 */
export function refuseContent(command: GetObjectAttributesCommand): GetObjectAttributesCommand {
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { response } = result;
      const length = isObjectWithHeaders(response) ? Number(response.headers['content-length'] ?? 0) : 0;
      if (length > MAX_ATTRIBUTES_BYTES) {
        if (hasBody(response)) response.body.destroy();
        throw new Error('the answer is no list of attributes');
      }
      return result;
    },
    { step: 'deserialize', name: 'ssecAttributes', priority: 'low' },
  );
  return command;
}

function hasBody(response: unknown): response is { readonly body: Readable } {
  return (
    typeof response === 'object' &&
    response !== null &&
    'body' in response &&
    response.body instanceof Readable
  );
}

interface EchoHeaders {
  readonly SSECustomerAlgorithm: string | undefined;
  readonly SSECustomerKeyMD5: string | undefined;
}

/**
 * S3 echoes the customer key on CompleteMultipartUpload too, though its API model does not say so, and the SDK
 * therefore does not hand it out.
 *
 * @returns to be called after the command was sent
 */
export function readEchoHeaders(command: CompleteMultipartUploadCommand): () => EchoHeaders {
  let headers: Readonly<Record<string, string>> = {};
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      headers = isObjectWithHeaders(result.response) ? result.response.headers : {};
      return result;
    },
    { step: 'deserialize', name: 'ssecEchoHeaders', priority: 'low' },
  );
  return () => ({
    SSECustomerAlgorithm: headers['x-amz-server-side-encryption-customer-algorithm'],
    SSECustomerKeyMD5: headers['x-amz-server-side-encryption-customer-key-md5'],
  });
}
