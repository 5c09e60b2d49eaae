import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultPlan } from '../faults/fault-plan.ts';
import { RequestFaults } from '../faults/request-faults.ts';
import { answerRequest } from '../operations/answer-request.ts';
import { findOperation } from '../operations/find-operation.ts';
import type { S3Response } from '../operations/operation.ts';
import type { RequestRecord, SandboxSettings } from '../sandbox-options.ts';
import { S3Error } from '../s3-error.ts';
import type { Store } from '../store/store.ts';
import { stsErrorAnswer } from '../sts/sts-error.ts';
import { readRequest } from './s3-request.ts';
import { errorAnswer, sendResponse } from './send-response.ts';

/** What every request is answered from. */
export interface Service {
  readonly settings: SandboxSettings;
  readonly store: Store;
  readonly faults: FaultPlan;
  readonly onRequest: ((record: RequestRecord) => unknown) | undefined;
}

export interface Arrival {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly secure: boolean;
  /** The client sends no body before it is told to go on. */
  readonly awaitsContinue: boolean;
}

/** One request from its arrival to the end of its answer. */
export async function exchange(service: Service, arrival: Arrival): Promise<void> {
  const { message, response, secure } = arrival;
  const now = new Date(Date.now() + service.settings.clockSkewMs);
  const ids = {
    requestId: randomBytes(8).toString('hex').toUpperCase(),
    hostId: randomBytes(48).toString('base64'),
  };
  response.sendDate = false;
  response.setHeader('x-amz-request-id', ids.requestId);
  response.setHeader('x-amz-id-2', ids.hostId);
  response.setHeader('Date', now.toUTCString());
  response.setHeader('Server', 'ssec-sandbox');

  const body = new ArrivingBody(arrival);
  let operationName = 'Unknown';
  let errorForm = (error: S3Error) => errorAnswer(error, message.method ?? '', ids);
  let headers: Record<string, string> = {};
  let answer: S3Response;
  try {
    const request = readRequest(message, secure);
    headers = Object.fromEntries(request.headers);
    const operation = findOperation(request);
    operationName = operation?.name ?? operationName;
    if (operation?.on === 'sts') errorForm = (error) => stsErrorAnswer(error, ids.requestId);
    const faults = new RequestFaults(service.faults.strike(operationName, request), ids);
    answer =
      faults.instead() ??
      faults.answer(
        await answerRequest({
          request,
          operation,
          settings: service.settings,
          store: service.store,
          now,
          faults,
          openBody: () => faults.body(message, body.open()),
        }),
      );
  } catch (error) {
    // The client is gone, or was cut off.
    if ((message.destroyed && !message.complete) || message.socket.destroyed) return;
    answer = errorForm(toS3Error(error));
  }
  // Before the answer is sent: whoever has it can rely on the record.
  try {
    await service.onRequest?.({
      operation: operationName,
      method: message.method ?? '',
      path: message.url ?? '',
      status: answer.status,
      headers,
    });
  } catch (error) {
    answer.content?.destroy();
    // An assertion that failed in there shows where the client looks, and not as the end of the process.
    answer = errorAnswer(toS3Error(error, 'onRequest threw'), message.method ?? '', ids);
  }
  body.release();
  await sendResponse(response, answer).catch(() => {
    // The client went away, or a header cannot be sent: no file stays open.
    answer.content?.destroy();
    response.destroy();
  });
}

/** A request's body, which is asked for only once it is wanted. */
class ArrivingBody {
  readonly #arrival: Arrival;
  #isOpen = false;

  constructor(arrival: Arrival) {
    this.#arrival = arrival;
  }

  open(): AsyncIterable<Buffer> {
    const { message, response, awaitsContinue } = this.#arrival;
    this.#isOpen = true;
    if (awaitsContinue) response.writeContinue();
    // An error in the middle must not cut the connection: the client is to read why.
    return message.iterator({ destroyOnReturn: false });
  }

  /**
   * Before the answer: what is left of the body is read and dropped, so that a client which reads no answer before
   * it has sent everything gets one. A client that was never told to go on may send the body or not: the
   * connection cannot be used again.
   */
  release(): void {
    const { message, response, awaitsContinue } = this.#arrival;
    if (awaitsContinue && !this.#isOpen) response.setHeader('Connection', 'close');
    message.resume();
  }
}

function toS3Error(error: unknown, what = 'The sandbox failed'): S3Error {
  if (error instanceof S3Error) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new S3Error(500, 'InternalError', `${what}: ${why}`);
}
