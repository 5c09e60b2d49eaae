import { Sha256Node } from '@smithy/core/checksum';
import type { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { awsServiceUrl } from './aws-partition.ts';
import type { AwsCredentials } from './client.ts';
import type { SsecRequestHandler } from './request-handler.ts';
import { rootRequest } from './unmanaged-request.ts';

/** Who signs, as STS says it. */
interface CallerIdentity {
  readonly account: string;
  /** `arn:aws:iam::123456789012:user/me`, `arn:aws:sts::123456789012:assumed-role/role/session` */
  readonly arn: string;
}

export interface CallerIdentityOptions {
  readonly credentials: AwsCredentials;
  readonly region: string;
  /** URL of the server that is asked; undefined = AWS's STS of the region. */
  readonly endpoint: string | undefined;
  readonly handler: SsecRequestHandler;
  readonly signal?: AbortSignal;
}

/** What STS answered: who it is, or its refusal. Other servers may know no STS, and answer anything. */
export type CallerIdentityAnswer =
  | { readonly known: true; readonly caller: CallerIdentity }
  | { readonly known: false; readonly status: number; readonly code: string | undefined };

/** An answer is a few hundred bytes; what is longer is none. */
const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Asks whose the credentials are. It needs no permission, and cannot be denied.
 *
 * @throws what the network says where no answer came
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export async function getCallerIdentity(options: CallerIdentityOptions): Promise<CallerIdentityAnswer> {
  const { credentials, region, handler, signal } = options;
  const url = options.endpoint === undefined ? awsServiceUrl('sts', region) : new URL(options.endpoint);
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const request = rootRequest(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'content-length': String(body.length),
    },
    body,
  });
  const signer = new SignatureV4({ service: 'sts', region, credentials, sha256: Sha256Node });
  const signed = (await signer.sign(request)) as HttpRequest;
  const { response } = await handler.handle(signed, signal === undefined ? {} : { abortSignal: signal });
  const text = await readText(response.body);
  const arn = /<Arn>(arn:[^<>\s]+)<\/Arn>/.exec(text)?.[1];
  const account = /<Account>([^<>\s]+)<\/Account>/.exec(text)?.[1];
  if (response.statusCode === 200 && arn !== undefined && account !== undefined)
    return { known: true, caller: { arn, account } };
  const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1];
  return { known: false, status: response.statusCode, code };
}

async function readText(body: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
