import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { percentEncode } from '../http/uri.ts';
import { invalidArgument } from '../s3-error.ts';

const maxPage = 1000;

export interface ListEncoding {
  /** Names as the client asked for them: as they are, or URL-encoded. */
  readonly name: (text: string) => string;
  readonly encodingType: string | undefined;
}

export function readEncoding(request: S3Request): ListEncoding {
  const encodingType = queryParameter(request, 'encoding-type');
  if (encodingType !== undefined && encodingType !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  }
  return { name: (text) => (encodingType === 'url' ? urlEncode(text) : text), encodingType };
}

/** S3 writes a blank as `+`, as forms do, and leaves `/` and `*` as they are. */
function urlEncode(text: string): string {
  return percentEncode(Buffer.from(text), '/')
    .replaceAll('%20', '+')
    .replaceAll('%2A', '*')
    .replaceAll('~', '%7E');
}

/** S3 takes a larger number, and lists 1000. */
export function readPageSize(text: string | undefined, name: string): number {
  if (text === undefined) return maxPage;
  if (!/^\d{1,10}$/.test(text)) {
    throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  }
  return Math.min(Number(text), maxPage);
}
