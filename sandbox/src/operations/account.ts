import { element } from '../http/xml.ts';
import type { SandboxSettings } from '../sandbox-options.ts';
import { accessDenied, type S3Error } from '../s3-error.ts';

/** The one account that owns everything here. */
export const accountId = '123456789012';
const canonicalUserId = 'ssec0sandbox0account0000000000000000000000000000000000000000000';

export const principalArn = `arn:aws:iam::${accountId}:user/sandbox`;

/** That account, in elements of these names. */
export function ownerElements(...names: readonly string[]): string {
  return names.map((name) => `<${name}>${element('ID', canonicalUserId)}</${name}>`).join('');
}

export function objectArn(bucket: string, key: string): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

/** The text that IAM gives where no policy allows an action. */
function notAuthorized(action: string, resourceArn: string): S3Error {
  return accessDenied(
    `User: ${principalArn} is not authorized to perform: ${action} on resource: "${resourceArn}" because no identity-based policy allows the ${action} action`,
  );
}

export function requireAllowed(settings: SandboxSettings, action: string, resourceArn: string): void {
  if (settings.denyActions.has(action)) throw notAuthorized(action, resourceArn);
}
