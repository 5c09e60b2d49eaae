import type { Sandbox } from '../../src/index.ts';
import { type RawResponse, send } from './raw-request.ts';
import { bucket } from './running-sandbox.ts';

export const MiB = 1024 ** 2;

type Headers = Record<string, string>;

/** The requests of one multipart upload, as they go on the wire. */
export class RawUpload {
  readonly sandbox: Sandbox;
  readonly path: string;
  uploadId = '';
  /** By part number; without quotes. */
  readonly etags = new Map<number, string>();

  constructor(sandbox: Sandbox, name: string) {
    this.sandbox = sandbox;
    this.path = `/${bucket}/${name}`;
  }

  async create(headers: Headers = {}): Promise<RawResponse> {
    const answer = await send(this.sandbox, { method: 'POST', path: `${this.path}?uploads=`, headers });
    this.uploadId = answer.xml('UploadId') ?? '';
    return answer;
  }

  async part(number: number | string, body: Buffer | string, headers: Headers = {}): Promise<RawResponse> {
    const path = `${this.path}?partNumber=${number}&uploadId=${this.uploadId}`;
    const answer = await send(this.sandbox, { method: 'PUT', path, body, headers });
    if (answer.status === 200)
      this.etags.set(Number(number), (answer.headers['etag'] ?? '').replaceAll('"', ''));
    return answer;
  }

  /** `parts`: what stands for each part besides its number and ETag. Default: all parts, and nothing. */
  complete(headers: Headers = {}, parts?: readonly string[]): Promise<RawResponse> {
    const listed = [...this.etags].map(
      ([number, etag], index) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag>${parts?.[index] ?? ''}</Part>`,
    );
    return this.completeWith(listed.join(''), headers);
  }

  completeWith(parts: string, headers: Headers = {}): Promise<RawResponse> {
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts}</CompleteMultipartUpload>`;
    const path = `${this.path}?uploadId=${this.uploadId}`;
    return send(this.sandbox, { method: 'POST', path, body, headers });
  }

  list(headers: Headers = {}, query = ''): Promise<RawResponse> {
    return send(this.sandbox, {
      method: 'GET',
      path: `${this.path}?uploadId=${this.uploadId}${query}`,
      headers,
    });
  }

  abort(): Promise<RawResponse> {
    return send(this.sandbox, { method: 'DELETE', path: `${this.path}?uploadId=${this.uploadId}` });
  }

  read(headers: Headers = {}, method = 'GET', query = ''): Promise<RawResponse> {
    return send(this.sandbox, { method, path: this.path + query, headers });
  }
}
