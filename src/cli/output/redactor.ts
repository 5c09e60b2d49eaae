import type { CustomerKey } from '../../keys/customer-key.ts';

/** A part of a secret as short as this is struck out (characters). */
const WINDOW = 8;

/** What signs a request: whoever has it can repeat that request for a while. */
const SIGNATURE = /(Signature=)[0-9a-f]+/gi;

/**
 * Cleans what goes to a person or a log. Everything that a server sent is hostile: S3 itself returns the
 * customer key in some errors, and text may hold escape sequences for the terminal.
 */
export class Redactor {
  readonly #windows = new Set<string>();

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
      this.#add(form);
    }
    // base64 of base64, as tools make of a key that was encoded already
    this.#add(Buffer.from(base64).toString('base64'));
  }

  /** A secret access key, a session token. */
  protectText(secret: string): void {
    for (const form of [secret, ...urlEncoded(secret)]) this.#add(form);
  }

  /** The text without secrets and without control characters; line breaks are escaped as well. */
  clean(text: string): string {
    return escapeControls(this.strike(text));
  }

  /** The text without secrets, and otherwise as it is: for JSON, which escapes by itself. */
  strike(text: string): string {
    return this.#strike(text).replace(SIGNATURE, '$1[secret]');
  }

  #add(form: string): void {
    for (let i = 0; i + WINDOW <= form.length; i++) this.#windows.add(form.slice(i, i + WINDOW));
  }

  #strike(text: string): string {
    if (this.#windows.size === 0 || text.length < WINDOW) return text;
    let out = '';
    let copied = 0;
    let i = 0;
    while (i + WINDOW <= text.length) {
      if (!this.#windows.has(text.slice(i, i + WINDOW))) {
        i++;
        continue;
      }
      let end = i + WINDOW;
      while (end < text.length && this.#windows.has(text.slice(end - WINDOW + 1, end + 1))) end++;
      out += `${text.slice(copied, i)}[secret]`;
      copied = end;
      i = end;
    }
    return out + text.slice(copied);
  }
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
