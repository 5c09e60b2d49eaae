import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A part of a secret as long as this is a leak (characters). */
const PART = 12;

/** Finds secrets, whole or in part, in any form that a program might give them. */
export class SecretSearch {
  /** Part of a form -> what it is a part of. */
  readonly #parts = new Map<string, string>();

  /** @param bytes of a customer key */
  addKey(name: string, bytes: Buffer): void {
    for (const [form, text] of Object.entries(keyForms(bytes))) this.#add(`${name}, ${form}`, text);
  }

  addText(name: string, text: string): void {
    this.#add(name, text);
    this.#add(`${name}, URL-encoded`, encodeURIComponent(text));
    this.#add(`${name}, base64`, Buffer.from(text).toString('base64'));
  }

  /** What shows in these bytes; empty = nothing. */
  search(where: string, content: string | Uint8Array): string[] {
    const bytes = Buffer.from(content);
    const found = new Set<string>();
    for (const text of new Set([bytes.toString('latin1'), bytes.toString('utf8')])) {
      for (let i = 0; i + PART <= text.length; i++) {
        const what = this.#parts.get(text.slice(i, i + PART));
        if (what !== undefined) found.add(`${where} shows ${what}`);
      }
    }
    return [...found];
  }

  /** The same for every file below a folder, and for its name. */
  searchFolder(folder: string, except: (path: string) => boolean = () => false): string[] {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      if (except(path)) return [];
      const inName = this.search(`the name ${path}`, entry.name);
      return entry.isFile() ? [...inName, ...this.search(path, readFileSync(path))] : inName;
    });
  }

  #add(what: string, text: string): void {
    for (let i = 0; i + PART <= text.length; i++) this.#parts.set(text.slice(i, i + PART), what);
  }
}

/** Every form in which a key has been seen in logs. */
export function keyForms(bytes: Buffer): Record<string, string> {
  const base64 = bytes.toString('base64');
  return {
    raw: bytes.toString('latin1'),
    base64,
    base64url: bytes.toString('base64url'),
    hex: bytes.toString('hex'),
    HEX: bytes.toString('hex').toUpperCase(),
    'URL-encoded': encodeURIComponent(base64),
    'base64 of base64': Buffer.from(base64).toString('base64'),
  };
}
