import type { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { isObjectWithHeaders } from '../service-answer.ts';

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
