import type { CustomerKey } from '../../keys/customer-key.ts';
import { mapStrings } from './map-strings.ts';

/**
 * A part of a secret as short as this is struck out (characters). A customer key is random, so that a short part
 * is no word; a secret access key may be what somebody chose.
 */
const KEY_WINDOW = 8;
const TEXT_WINDOW = 12;

/** What signs a request: whoever has it can repeat that request for a while. */
const SIGNATURE = /(Signature=)[0-9a-f]+/gi;

/**
 * Cleans what goes to a person or a log. Everything that a server sent is hostile: S3 itself returns the
 * customer key in some errors, and text may hold escape sequences for the terminal.
 */
export class Redactor {
  /** By their width. */
  readonly #windows = new Map<number, Set<string>>();

  /** From now on no form of the key shows, whole or in part: raw, base64, hex, URL-encoded. */
  protectKey(key: CustomerKey): void {
    const bytes = key.toBytes();
    const base64 = bytes.toString('base64');
    for (const form of [
      base64,
      bytes.toString('base64url'),
      ...urlEncoded(base64),
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      bytes.toString('latin1'),
      bytes.toString('utf8'),
    ]) {
      this.#add(form, KEY_WINDOW);
    }
    // base64 of base64, as tools make of a key that was encoded already
    this.#add(Buffer.from(base64).toString('base64'), KEY_WINDOW);
  }

  /** A secret access key, a session token. */
  protectText(secret: string): void {
    for (const form of [secret, ...urlEncoded(secret)]) this.#add(form, TEXT_WINDOW);
  }

  /** The text without secrets and without control characters; line breaks are escaped as well. */
  clean(text: string): string {
    return escapeControls(this.strike(text));
  }

  /** The text without secrets, and otherwise as it is: for JSON, which escapes by itself. */
  strike(text: string): string {
    let struck = text;
    for (const [width, windows] of this.#windows) struck = strikeParts(struck, width, windows);
    return struck.replace(SIGNATURE, '$1[secret]');
  }

  /** Strikes in every string of what a server said, names of members included. */
  strikeMembers(record: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(record).map(([name, value]) => [name, mapStrings(value, (text) => this.strike(text))]),
    );
  }

  #add(form: string, width: number): void {
    // a secret that is shorter as a whole; one of a few letters would strike half of all words
    const used = Math.min(width, form.length);
    if (used < 6) return;
    const windows = this.#windows.get(used) ?? new Set();
    for (let i = 0; i + used <= form.length; i++) windows.add(form.slice(i, i + used));
    this.#windows.set(used, windows);
  }
}

function strikeParts(text: string, width: number, windows: ReadonlySet<string>): string {
  let out = '';
  let copied = 0;
  let i = 0;
  while (i + width <= text.length) {
    if (!windows.has(text.slice(i, i + width))) {
      i++;
      continue;
    }
    let end = i + width;
    while (end < text.length && windows.has(text.slice(end - width + 1, end + 1))) end++;
    out += `${text.slice(copied, i)}[secret]`;
    copied = end;
    i = end;
  }
  return out + text.slice(copied);
}

/** As JavaScript writes it (`%2B`), and as others do (`%2b`). */
function urlEncoded(text: string): [string, string] {
  const encoded = encodeURIComponent(text);
  return [encoded, encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())];
}

/** C0, DEL, C1 and the characters that turn the direction of text, as `\u{..}`. */
export function escapeControls(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (c) => `\\u{${c.charCodeAt(0).toString(16)}}`,
  );
}
