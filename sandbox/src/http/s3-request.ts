import type { IncomingMessage } from 'node:http';
import { decodeUtf8, percentDecode } from './uri.ts';

/** One request in S3's terms, with what its signature is computed from kept as it came. */
export interface S3Request {
  readonly method: string;
  readonly target: string;
  /** The decoded path, for the canonical URI. */
  readonly pathBytes: Buffer;
  readonly query: readonly QueryParameter[];
  /** Lower-case names; a repeated header is joined by commas, as its signature is. Values are latin1. */
  readonly headers: ReadonlyMap<string, string>;
  /** Over TLS. */
  readonly secure: boolean;
  readonly bucket: string | undefined;
  /** Empty for a request on the bucket itself. */
  readonly key: string;
}

export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

export function queryParameter(request: S3Request, name: string): string | undefined {
  return request.query.find((pair) => pair.name === name)?.value;
}

export function readRequest(message: IncomingMessage, secure: boolean): S3Request {
  const target = message.url ?? '/';
  const questionMark = target.indexOf('?');
  const rawPath = questionMark === -1 ? target : target.slice(0, questionMark);
  const rawQuery = questionMark === -1 ? '' : target.slice(questionMark + 1);
  const headers = readHeaders(message.rawHeaders);
  return {
    method: message.method ?? '',
    target,
    pathBytes: percentDecode(rawPath),
    query: readQuery(rawQuery),
    headers,
    secure,
    ...address(headers.get('host') ?? '', rawPath),
  };
}

function readHeaders(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase();
    const value = raw[index + 1] ?? '';
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}

function readQuery(rawQuery: string): QueryParameter[] {
  const decode = (raw: string) => decodeUtf8(percentDecode(raw.replaceAll('+', ' ')));
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals === -1
        ? { name: decode(pair), value: '' }
        : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) };
    });
}

/**
 * bucket.s3.localhost and bucket.localhost are virtual-hosted style, everything else is path-style.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
function address(host: string, rawPath: string): Pick<S3Request, 'bucket' | 'key'> {
  const virtual = /^(?!s3\.localhost)(.+?)(?:\.s3)?\.localhost(?::\d+)?$/i.exec(host)?.[1];
  const path = rawPath.slice(1);
  if (virtual !== undefined) return { bucket: virtual, key: decodeUtf8(percentDecode(path)) };
  if (path === '') return { bucket: undefined, key: '' };
  const slash = path.indexOf('/');
  const bucket = slash === -1 ? path : path.slice(0, slash);
  const key = slash === -1 ? '' : path.slice(slash + 1);
  return { bucket: decodeUtf8(percentDecode(bucket)), key: decodeUtf8(percentDecode(key)) };
}
