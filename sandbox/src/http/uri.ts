import { S3Error } from '../s3-error.ts';

const unreserved = /[A-Za-z0-9\-._~]/;

/**
 * URI-encodes bytes as Signature Version 4 wants it: all but the unreserved characters, upper-case hex.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export function percentEncode(bytes: Buffer, keep: '/' | '' = ''): string {
  let encoded = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    encoded +=
      unreserved.test(character) || character === keep
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Bytes of a raw request target; what is not a valid escape stands for itself. */
export function percentDecode(raw: string): Buffer {
  const binary = raw.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(binary, 'latin1');
}

export function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new S3Error(400, 'InvalidURI', "Couldn't parse the specified URI.");
  }
}
