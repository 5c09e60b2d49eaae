import { type ErrorCode, SsecError, systemErrorCode } from './errors.ts';
import { networkError } from './network-error.ts';
import { serviceAnswer } from './service-answer.ts';
import { shellWord } from './shell-word.ts';

/**
 * Why there are no credentials, as one of our errors. STS and SSO refuse in S3's own words, and their refusal must
 * not pass for one of S3's.
 *
 * @param profile the AWS profile that they were to come from
 */
export function credentialsError(error: unknown, profile: string | undefined): SsecError {
  if (error instanceof SsecError) return error;
  const network = networkError(withSystemCode(error), 'the service that lends the credentials');
  if (network !== undefined) return network;
  const text = error instanceof Error ? error.message : '';
  const whose = profile === undefined ? '' : `of the profile "${profile}" `;
  const answer = serviceAnswer(error);
  const failed = (code: ErrorCode, message: string, ...hints: string[]): SsecError =>
    new SsecError(code, message, {
      hints,
      cause: error,
      context: {
        status: answer?.status,
        serviceCode: answer?.code,
        serviceMessage: text === '' || text === answer?.code ? undefined : text,
        requestId: answer?.requestId,
      },
    });
  if (answer !== undefined && answer.status >= 500) {
    return failed('SERVICE_UNAVAILABLE', 'The service that lends the credentials failed.', 'try again later');
  }
  if (answer?.status === 429 || /Throttl|TooManyRequests|SlowDown/.test(answer?.code ?? '')) {
    return failed(
      'THROTTLED',
      'The service that lends the credentials asked to slow down.',
      'try again later',
    );
  }
  if (answer?.code === 'RequestTimeTooSkewed' || /^Signature (?:expired|not yet current)/.test(text)) {
    return failed(
      'CLOCK_SKEW',
      "This machine's clock is too far away from that of the service that lends the credentials.",
      'set the clock (timedatectl set-ntp true)',
    );
  }
  if (/expired|sso login/i.test(`${text} ${answer?.code ?? ''}`)) {
    const name = profile === undefined ? 'NAME' : shellWord(profile);
    return failed(
      'CREDENTIALS_EXPIRED',
      `The credentials ${whose}have expired.`,
      `sign in again: aws sso login --profile ${name}`,
    );
  }
  if (answer !== undefined) {
    return failed(
      'CREDENTIALS_INVALID',
      `The credentials ${whose}could not be had: the service that lends them refused.`,
      "look at role_arn, source_profile and the role's trust policy",
    );
  }
  if (profile !== undefined) {
    return failed(
      'CREDENTIALS_MISSING',
      `The profile "${profile}" gives no credentials.`,
      `look at it: aws configure list --profile ${shellWord(profile)}`,
    );
  }
  return failed(
    'CREDENTIALS_MISSING',
    'No AWS credentials were found.',
    'name a profile: PROFILE in .env, or -p NAME',
    'or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  );
}

/** The SDK's SSO provider keeps of a broken connection only its text: `Error: connect ECONNREFUSED ...`. */
function withSystemCode(error: unknown): unknown {
  if (!(error instanceof Error) || systemErrorCode(error) !== undefined) return error;
  const code = /\b(E[A-Z]{4,}|EAI_[A-Z]+|[A-Z]+(?:_[A-Z]+)*_CERT(?:_[A-Z]+)*)\b/.exec(error.message)?.[1];
  return code === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code });
}
