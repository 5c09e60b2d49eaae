import type { ErrorCode, SsecError } from '../../errors.ts';
import type { RequestEvent } from '../../network-options.ts';

/** Errors whose sentence does not say all: what the server said belongs below. */
const OPEN_QUESTIONS: readonly ErrorCode[] = [
  'ACCESS_DENIED',
  'SERVICE_REFUSED',
  'SERVICE_UNAVAILABLE',
  'NOT_SUPPORTED',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_INVALID',
  'WRONG_REGION',
  'INTERNAL',
];

/** What the server answered, in one line; undefined where there is nothing to add. */
export function describeAnswer(error: SsecError, always: boolean): string | undefined {
  if (!always && !OPEN_QUESTIONS.includes(error.code)) return undefined;
  const { status, serviceCode, serviceMessage, requestId } = error.context;
  if (status === undefined)
    return serviceMessage === undefined ? undefined : `the AWS SDK said: ${String(serviceMessage)}`;
  const said = [`HTTP ${String(status)}`, serviceCode].filter((part) => part !== undefined).join(' ');
  const text = serviceMessage === undefined ? '' : `: ${String(serviceMessage)}`;
  return `the server answered ${said}${text}${requestId === undefined ? '' : ` (request ${String(requestId)})`}`;
}

/** One request in one line, for `--verbose`. */
export function describeRequest(event: RequestEvent): string {
  const attempt = event.attempt > 1 ? ` (try ${event.attempt})` : '';
  const outcome = event.status === undefined ? (event.failure ?? 'failed') : String(event.status);
  const id = event.requestId === undefined ? '' : `, request ${event.requestId}`;
  return `${event.method} https://${event.host}${event.path}${attempt}: ${outcome} after ${Math.round(event.elapsedMs)} ms${id}`;
}
