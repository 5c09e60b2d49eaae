import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { SsecError } from '../errors.ts';
import { CUSTOMER_KEY_BYTES, CustomerKey } from './customer-key.ts';

/**
 * Which forms of a key are read.
 * - `auto`: 32 raw bytes, base64 (padded or not) or 64 hex digits
 * - `text`: 32 printable characters, taken as the 32 bytes of the key; a weak key
 */
export type KeyFormat = 'auto' | 'text';

/** A key file larger than this is not a key (bytes). */
export const MAX_KEY_FILE_BYTES = 4096;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
/** A whole key in the other alphabet: anything else with a - in it is a word, not a key. */
const URL_SAFE_KEY = /^[A-Za-z0-9_-]{43}=?$/;
const HEX = /^[0-9A-Fa-f]+$/;
const COPY_AGAIN = 'copy it again, whole; a new key (ssec keygen) opens nothing that was put with another';
/** Characters of base64 of 32 bytes, without its padding and with it. */
const BASE64_LENGTHS = [43, 44];

/**
 * Reads what a key file, a key command or stdin holds. Exactly 32 bytes that are not all printable are the
 * key itself and never trimmed; anything else is text: line ends at both sides are trimmed, then base64 or
 * 64 hex digits are read.
 *
 * @param content what was read
 * @param origin how to name it in an error: `key file "my.key"`
 * @throws SsecError KEY_MALFORMED; the message never repeats the content
 */
export function parseKeyContent(
  content: Uint8Array,
  origin: string,
  format: KeyFormat = 'auto',
): CustomerKey {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (bytes.length === 0) throw malformed(`The ${origin} is empty.`);
  if (bytes.length > MAX_KEY_FILE_BYTES) {
    throw malformed(`The ${origin} is too large for a key: over ${MAX_KEY_FILE_BYTES} bytes.`);
  }
  if (format === 'text') return parseTextKey(bytes, origin);
  if (bytes.length === CUSTOMER_KEY_BYTES && !isPrintable(bytes)) return CustomerKey.fromBytes(bytes);
  if (isUtf16(bytes)) {
    throw malformed(
      `The ${origin} is UTF-16 text, as some Windows programs write it.`,
      'save it as ASCII or UTF-8, or let ssec write the file: ssec keygen -o FILE',
    );
  }
  if (isBinary(bytes)) {
    throw malformed(
      `The ${origin} holds ${bytes.length} raw bytes; a customer key has exactly ${CUSTOMER_KEY_BYTES}.`,
      bytes.length === CUSTOMER_KEY_BYTES + 1 && bytes.at(-1) === 0x0a
        ? 'a line end was added to it: head -c 32 takes it off'
        : COPY_AGAIN,
    );
  }
  const text = trimLineEnds(bytes.toString('latin1').replace(/^\xef\xbb\xbf/, ''));
  if (text === '') throw malformed(`The ${origin} is empty.`);
  if (text.length === CUSTOMER_KEY_BYTES && isPrintable(Buffer.from(text, 'latin1'))) {
    throw malformed(
      `The ${origin} holds 32 printable characters, which is not enough secret for a 256-bit key.`,
      'to read objects that such a key wrote, add --key-format text',
      'for new objects make a random key: ssec keygen -o my.key',
    );
  }
  return parseKeyText(text, origin);
}

/**
 * Reads base64 (padded or not) or 64 hex digits.
 *
 * @throws SsecError KEY_MALFORMED with the mistake named where it is a known one
 */
export function parseKeyText(text: string, origin: string): CustomerKey {
  if (isPlaceholder(text)) {
    throw malformed(`The ${origin} is still the placeholder, not a key.`, 'make a key: ssec keygen --env');
  }
  if (text.length === 2 * CUSTOMER_KEY_BYTES && HEX.test(text)) {
    return CustomerKey.fromBytes(Buffer.from(text, 'hex'));
  }
  if (/[-_]/.test(text) && URL_SAFE_KEY.test(text)) {
    throw malformed(
      `The ${origin} is URL-safe base64; SSE-C takes the standard alphabet.`,
      'replace every - by + and every _ by /',
    );
  }
  if (!BASE64.test(text)) throw wrapped(text, origin);
  if (HEX.test(text) && text.length > CUSTOMER_KEY_BYTES && !BASE64_LENGTHS.includes(text.length)) {
    throw malformed(
      `The ${origin} is ${text.length} hex digits; a customer key of ${CUSTOMER_KEY_BYTES} bytes is ${2 * CUSTOMER_KEY_BYTES}.`,
      'copy it again, whole',
    );
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw malformed(`The ${origin} is not well-formed base64.`, 'copy it again, whole');
  }
  if (bytes.length === CUSTOMER_KEY_BYTES) return CustomerKey.fromBytes(bytes);
  const inner = bytes.toString('latin1');
  if (/^[A-Za-z0-9+/]{43}=?\s*$/.test(inner)) {
    throw malformed(
      `The ${origin} is base64 twice: it decodes to ${bytes.length} bytes that are themselves a base64 key.`,
      'decode it once: base64 -d',
    );
  }
  throw malformed(
    `The ${origin} decodes to ${bytes.length} bytes; a customer key has exactly ${CUSTOMER_KEY_BYTES}.`,
    HEX.test(text) && text.length === CUSTOMER_KEY_BYTES
      ? '32 hex digits are 128 bits, half a key'
      : COPY_AGAIN,
  );
}

/** What is around or between the characters of a key that is otherwise one. */
function wrapped(text: string, origin: string): SsecError {
  if (/^(?:export\s+)?[A-Za-z_]\w*\s*=/.test(text)) {
    return malformed(
      `The ${origin} is a line of an env file, not the key alone.`,
      'name the file as an env file: --env FILE',
      'or leave in it only what stands behind the =',
    );
  }
  if (/^(["']).*\1$/s.test(text)) {
    return malformed(
      `The ${origin} has quotes around it.`,
      'take them off: docker and others hand them on as they are',
    );
  }
  const lines = text.split(/\s+/).filter((line) => BASE64.test(line) && BASE64_LENGTHS.includes(line.length));
  if (lines.length > 1) return malformed(`The ${origin} holds ${lines.length} keys; give one.`);
  const joined = text.replace(/\s+/g, '');
  const isBroken = [...BASE64_LENGTHS, 2 * CUSTOMER_KEY_BYTES].includes(joined.length) && BASE64.test(joined);
  if (isBroken) {
    return malformed(`The ${origin} has blanks or line ends inside.`, 'write it in one line, without blanks');
  }
  return malformed(`The ${origin} is neither base64 nor 64 hex digits.`, COPY_AGAIN);
}

/**
 * Compares a key with the digest that stands beside it, before anything is sent: base64 of the MD5 of the 32
 * bytes (AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html).
 *
 * @throws SsecError KEY_MD5_MISMATCH, with the mistake named where it is a known one
 */
export function checkKeyMd5(key: CustomerKey, given: string, name: string): void {
  if (given === key.md5) return;
  const right = ['the right value is the one that ssec keygen prints beside the key; or remove the line'];
  const asHex = given.toLowerCase();
  const hexOf = (data: string | Buffer): string => createHash('md5').update(data).digest('hex');
  const base64Of = (data: string | Buffer): string => createHash('md5').update(data).digest('base64');
  const text = key.toBase64();
  if (isPlaceholder(given)) {
    throw new SsecError('KEY_MD5_MISMATCH', `${name} is still the placeholder.`, {
      hints: ['remove the line: ssec computes the digest itself'],
    });
  }
  const mistakes: readonly (readonly [boolean, string])[] = [
    [given === base64Of(text), 'is the MD5 of the base64 text; S3 wants the MD5 of the 32 decoded bytes'],
    [
      given === base64Of(`${text}\n`),
      'is the MD5 of the base64 text with a line end; S3 wants the MD5 of the 32 decoded bytes',
    ],
    [asHex === hexOf(key.toBytes()), 'is written in hex; S3 wants the same digest in base64'],
    [
      asHex === hexOf(text) || asHex === hexOf(`${text}\n`),
      'is the MD5 of the base64 text, in hex; S3 wants the MD5 of the 32 decoded bytes, in base64',
    ],
    [
      [key.toBytes(), text, `${text}\n`].some((data) =>
        [hexOf(data), `${hexOf(data)}\n`, `${hexOf(data)}  -\n`].some(
          (hex) => given === Buffer.from(hex).toString('base64'),
        ),
      ),
      'is base64 of a hex digest; S3 wants base64 of the 16 bytes of the digest',
    ],
    [
      given.replace(/=+$/, '') === key.md5.replace(/=+$/, ''),
      'has lost its padding; S3 wants the "==" at the end',
    ],
  ];
  const known = mistakes.find(([holds]) => holds);
  throw new SsecError(
    'KEY_MD5_MISMATCH',
    known === undefined
      ? `${name} does not belong to the key: it is the digest of something else.`
      : `${name} ${known[1]}.`,
    { hints: right },
  );
}

/** Whether a name, a path, ... is a key that came to the wrong place: then it must not be shown. */
export function looksLikeKey(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{43}=?|[0-9A-Fa-f]{64})$/.test(text);
}

/** `XXXX...` as in the `.env` files that people copy from articles. */
export function isPlaceholder(text: string): boolean {
  return /^X{4,}=*$/.test(text);
}

function parseTextKey(bytes: Buffer, origin: string): CustomerKey {
  const raw =
    bytes.length === CUSTOMER_KEY_BYTES
      ? bytes
      : Buffer.from(trimLineEnds(bytes.toString('latin1')), 'latin1');
  if (raw.length !== CUSTOMER_KEY_BYTES || !isPrintable(raw)) {
    throw malformed(
      `The ${origin} is not a text key: --key-format text takes exactly 32 printable characters.`,
      'leave --key-format away to read raw bytes, base64 or hex',
    );
  }
  return CustomerKey.fromBytes(raw, { weak: true });
}

function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/** Either byte order, with its mark or without: what a key is written in is ASCII. */
function isUtf16(bytes: Buffer): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const zeros = (from: number): boolean => bytes.every((byte, at) => (at % 2 === from) === (byte === 0));
  return bytes.length % 2 === 0 && (zeros(0) || zeros(1));
}

/** What nobody wrote as text. */
function isBinary(bytes: Buffer): boolean {
  return (
    !isUtf8(bytes) ||
    bytes.some((byte) => (byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte)) || byte === 0x7f)
  );
}

function trimLineEnds(text: string): string {
  return text.replace(/^[\r\n]+|[\r\n]+$/g, '');
}

function malformed(message: string, ...hints: string[]): SsecError {
  return new SsecError('KEY_MALFORMED', message, { hints });
}
