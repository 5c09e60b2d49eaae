import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { errorAnswer, type ResponseIds } from '../http/send-response.ts';
import type { S3Response } from '../operations/operation.ts';
import { S3Error } from '../s3-error.ts';
import { bringsContent, storesContent } from './check-fault.ts';
import { Corruption } from './corruption.ts';
import type { CutFault, ErrorIn200Fault, Fault } from './fault.ts';
import { cutBody } from './cut-body.ts';

const echoedMd5 = 'x-amz-server-side-encryption-customer-key-MD5';
const echoedAlgorithm = 'x-amz-server-side-encryption-customer-algorithm';

/** What one request has to suffer: from each stage of an exchange this is asked whether something goes wrong. */
export class RequestFaults {
  readonly #fault: Fault | undefined;
  readonly #ids: ResponseIds;
  readonly #stored: Corruption | undefined;

  constructor(fault: Fault | undefined, ids: ResponseIds) {
    this.#fault = fault;
    this.#ids = ids;
    this.#stored =
      fault?.kind === 'corrupt' && storesContent(fault.operation) ? new Corruption(fault.byte) : undefined;
  }

  /** Before anything is done: what is answered instead. */
  instead(): S3Response | undefined {
    const fault = this.#fault;
    if (fault === undefined) return undefined;
    if (fault.kind === undefined || fault.kind === 'fail') {
      const { status, code, message } = fault;
      throw new S3Error(status, code, message ?? 'The sandbox was told to fail this request.');
    }
    if (fault.kind !== 'error-in-200' || fault.completed === true) return undefined;
    return this.#errorIn200(fault);
  }

  /** The request's body, as far as it comes. */
  body(message: IncomingMessage, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    const cut = this.#cut('request');
    return cut === undefined ? bytes : cutBody(message, bytes, cut);
  }

  /** Content on its way to the disk: its checksums are taken already. */
  store(piece: Buffer): Buffer {
    return this.#stored?.next(piece) ?? piece;
  }

  /** The answer, as it is sent. */
  answer(answer: S3Response): S3Response {
    const fault = this.#fault;
    switch (fault?.kind) {
      case 'drop-answer':
        return { ...answer, cut: { kind: 'drop', bytes: 0, before: true } };
      case 'error-in-200':
        return answer.status === 200 ? this.#errorIn200(fault) : answer;
      case 'echo-other-key':
      case 'no-echo':
        return { ...answer, headers: echo(answer, fault.kind) };
      case 'corrupt':
        return answer.content === undefined
          ? answer
          : { ...answer, content: corrupted(answer.content, fault.byte) };
      default:
        return this.#cutAnswer(answer);
    }
  }

  #cutAnswer(answer: S3Response): S3Response {
    const cut = this.#cut('answer');
    return cut === undefined ? answer : { ...answer, cut };
  }

  #cut(side: 'request' | 'answer'): CutFault | undefined {
    const fault = this.#fault;
    if (fault?.kind !== 'drop' && fault?.kind !== 'stall') return undefined;
    const of = fault.of ?? (bringsContent(fault.operation) ? 'request' : 'answer');
    return of === side ? fault : undefined;
  }

  /** S3 sends the declaration and white space while it works: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
  #errorIn200({ code = 'InternalError' }: ErrorIn200Fault): S3Response {
    const error = new S3Error(200, code, 'We encountered an internal error. Please try again.');
    const { xml = '' } = errorAnswer(error, 'POST', this.#ids);
    return { status: 200, xml: xml.replace('<Error>', `${' '.repeat(64)}\n<Error>`) };
  }
}

function echo({ headers = {} }: S3Response, kind: 'echo-other-key' | 'no-echo'): Record<string, string> {
  const { [echoedMd5]: md5, [echoedAlgorithm]: algorithm, ...others } = headers;
  if (kind === 'no-echo' || algorithm === undefined) return others;
  const other = md5 === undefined ? {} : { [echoedMd5]: randomBytes(16).toString('base64') };
  return { ...others, [echoedAlgorithm]: algorithm, ...other };
}

function corrupted(content: Readable, byte: number): Readable {
  const corruption = new Corruption(byte);
  const stream = Readable.from(corrupt(content, corruption), { objectMode: false });
  stream.once('close', () => content.destroy());
  return stream;
}

async function* corrupt(content: AsyncIterable<Buffer>, corruption: Corruption): AsyncGenerator<Buffer> {
  for await (const piece of content) yield corruption.next(piece);
}
