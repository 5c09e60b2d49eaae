import { createHash } from 'node:crypto';
import { authenticate } from '../auth/authenticate.ts';
import { element } from '../http/xml.ts';
import type { S3Request } from '../http/s3-request.ts';
import { accountId, principalArn } from '../operations/account.ts';
import type { S3Response } from '../operations/operation.ts';
import type { SandboxSettings } from '../sandbox-options.ts';
import { S3Error } from '../s3-error.ts';

const maxBodyBytes = 64 * 1024;

export interface CallerIdentityRequest {
  readonly request: S3Request;
  readonly settings: SandboxSettings;
  readonly now: Date;
  readonly openBody: () => AsyncIterable<Buffer>;
}

/**
 * STS's one question that needs no permission: whose credentials are these?
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function getCallerIdentity(context: CallerIdentityRequest): Promise<S3Response> {
  const { request, settings, now } = context;
  if (!request.headers.has('authorization')) {
    throw new S3Error(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  const body = await readBody(context.openBody());
  // STS has no x-amz-content-sha256: what is signed is the body that came
  const payloadHash = createHash('sha256').update(body).digest('hex');
  authenticate(request, settings, now, { service: 'sts', payloadHash });
  const action = new URLSearchParams(body.toString()).get('Action');
  if (action !== 'GetCallerIdentity') {
    throw new S3Error(
      400,
      'InvalidAction',
      `Could not find operation ${action ?? ''} for version 2011-06-15`,
    );
  }
  const fields = [
    element('Arn', principalArn),
    element('UserId', 'AIDASANDBOX0EXAMPLE0'),
    element('Account', accountId),
  ];
  return {
    status: 200,
    xml: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${fields.join('')}</GetCallerIdentityResult></GetCallerIdentityResponse>`,
  };
}

async function readBody(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > maxBodyBytes) throw new S3Error(413, 'RequestEntityTooLarge', 'Request body is too large');
    pieces.push(Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}
