import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { S3Response } from '../operations/operation.ts';
import type { S3Error } from '../s3-error.ts';
import { element, xmlDeclaration } from './xml.ts';

export interface ResponseIds {
  readonly requestId: string;
  readonly hostId: string;
}

/** Sends an answer, streaming an object's bytes. Rejects when the client goes away before the end. */
export async function sendResponse(response: ServerResponse, answer: S3Response): Promise<void> {
  const { xml, content } = answer;
  if (answer.cut?.before === true) {
    content?.destroy();
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (xml !== undefined) {
    response.setHeader('Content-Type', 'application/xml');
    response.setHeader('Content-Length', Buffer.byteLength(xml));
  } else if (!response.hasHeader('Content-Length') && answer.status === 200) {
    response.setHeader('Content-Length', 0);
  }
  response.writeHead(answer.status);
  if (answer.cut !== undefined) return sendPartly(response, content ?? [Buffer.from(xml ?? '')], answer.cut);
  if (content === undefined) {
    response.end(xml);
    return;
  }
  response.flushHeaders();
  await pipeline(content, response);
}

async function sendPartly(
  response: ServerResponse,
  body: AsyncIterable<Buffer> | Iterable<Buffer>,
  { kind, bytes }: NonNullable<S3Response['cut']>,
): Promise<void> {
  const send = (piece: Buffer) =>
    new Promise<void>((resolve, reject) =>
      response.write(piece, (error) => (error ? reject(error) : resolve())),
    );
  response.flushHeaders();
  let left = bytes;
  for await (const piece of body) {
    const part = piece.subarray(0, left);
    left -= part.length;
    // What was written is with the client before the connection goes.
    if (part.length > 0) await send(part);
    if (left === 0) break;
  }
  if (left > 0) response.end();
  else if (kind === 'drop') response.destroy();
  else await new Promise<void>((resolve) => response.once('close', () => resolve()));
}

/** The <Error> document; to HEAD the status alone. */
export function errorAnswer(error: S3Error, method: string, ids: ResponseIds): S3Response {
  if (method === 'HEAD') {
    return { status: error.status, headers: { ...error.headers, 'Content-Type': 'application/xml' } };
  }
  const fields = Object.entries(error.fields).map(([name, value]) => element(name, value));
  const parts = [
    element('Code', error.code),
    element('Message', error.message),
    ...fields,
    element('RequestId', ids.requestId),
    element('HostId', ids.hostId),
  ];
  return {
    status: error.status,
    headers: error.headers,
    xml: `${xmlDeclaration}<Error>${parts.join('')}</Error>`,
  };
}
