import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** What is kept beside sealed content: enough to tell the right key, nothing to find it by. */
export interface Seal {
  /** base64, 32 random bytes */
  readonly salt: string;
  /** base64, derived from the customer key and the salt */
  readonly check: string;
}

const cipherName = 'aes-256-ctr';
const blockBytes = 16;

/** A fresh key for one object, or one part of it: it encrypts nothing else, so its counter may begin at zero. */
export function sealObject(customerKey: Buffer): { seal: Seal; cipher: Cipher } {
  const salt = randomBytes(32);
  const seal = {
    salt: salt.toString('base64'),
    check: derive(customerKey, salt, 'check').toString('base64'),
  };
  return { seal, cipher: createCipheriv(cipherName, derive(customerKey, salt, 'object'), counterAt(0)) };
}

export interface Cipher {
  update(bytes: Buffer): Buffer;
}

export function opensSeal(seal: Seal, customerKey: Buffer): boolean {
  const check = derive(customerKey, Buffer.from(seal.salt, 'base64'), 'check');
  return timingSafeEqual(check, Buffer.from(seal.check, 'base64'));
}

/** Decrypts the bytes from `offset` on. */
export function openObject(seal: Seal, customerKey: Buffer, offset: number): Cipher {
  const key = derive(customerKey, Buffer.from(seal.salt, 'base64'), 'object');
  const decipher = createDecipheriv(cipherName, key, counterAt(Math.floor(offset / blockBytes)));
  // The first block is entered in its middle: use up the key stream before it.
  decipher.update(Buffer.alloc(offset % blockBytes));
  return decipher;
}

function derive(customerKey: Buffer, salt: Buffer, purpose: 'object' | 'check'): Buffer {
  return Buffer.from(hkdfSync('sha256', customerKey, salt, `ssec-sandbox ${purpose} key`, 32));
}

function counterAt(block: number): Buffer {
  const counter = Buffer.alloc(blockBytes);
  counter.writeBigUInt64BE(BigInt(block), blockBytes - 8);
  return counter;
}
