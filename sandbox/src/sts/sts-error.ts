import { element } from '../http/xml.ts';
import type { S3Response } from '../operations/operation.ts';
import type { S3Error } from '../s3-error.ts';

/** What S3 says of a request's credentials, in the words of STS: 403 for all of it. */
const wordsOfSts: ReadonlyMap<string, readonly [code: string, message: string]> = new Map([
  ['InvalidAccessKeyId', ['InvalidClientTokenId', 'The security token included in the request is invalid.']],
  ['InvalidToken', ['InvalidClientTokenId', 'The security token included in the request is invalid.']],
  ['ExpiredToken', ['ExpiredToken', 'The security token included in the request is expired']],
  ['RequestTimeTooSkewed', ['SignatureDoesNotMatch', 'Signature expired or not yet current']],
]);

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
export function stsErrorAnswer(error: S3Error, requestId: string): S3Response {
  const translated = wordsOfSts.get(error.code);
  const [code, message] = translated ?? [error.code, error.message];
  const parts = [
    element('Type', error.status < 500 ? 'Sender' : 'Receiver'),
    element('Code', code),
    element('Message', message),
  ];
  return {
    status: translated === undefined ? error.status : 403,
    xml: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>${parts.join('')}</Error>${element('RequestId', requestId)}</ErrorResponse>`,
  };
}
