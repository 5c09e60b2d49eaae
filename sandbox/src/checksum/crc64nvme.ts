/**
 * CRC-64/NVME (reflected 0x9A6C9329AC4BC9B5), the checksum that S3 itself adds to an object. Eight bytes a step, in
 * two halves of 32 bits: BigInt is some fifty times slower.
 */
const polynomialLow = 0xac4bc9b5;
const polynomialHigh = 0x9a6c9329;

// Entry [slice * 256 + byte]: the CRC of that byte followed by `slice` zero bytes. All indices below are in range.
const low = new Uint32Array(8 * 256);
const high = new Uint32Array(8 * 256);

for (let byte = 0; byte < 256; byte += 1) {
  let lo = byte;
  let hi = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    const carry = lo & 1;
    lo = ((lo >>> 1) | (hi << 31)) ^ (carry ? polynomialLow : 0);
    hi = (hi >>> 1) ^ (carry ? polynomialHigh : 0);
  }
  low[byte] = lo;
  high[byte] = hi;
}
for (let index = 256; index < 8 * 256; index += 1) {
  const lo = low[index - 256]!;
  const hi = high[index - 256]!;
  low[index] = ((lo >>> 8) | (hi << 24)) ^ low[lo & 0xff]!;
  high[index] = (hi >>> 8) ^ high[lo & 0xff]!;
}

export class Crc64Nvme {
  #low = 0xffffffff;
  #high = 0xffffffff;

  update(bytes: Uint8Array): void {
    let lo = this.#low;
    let hi = this.#high;
    const whole = bytes.length - (bytes.length % 8);
    let at = 0;
    for (; at < whole; at += 8) {
      lo ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      hi ^= bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24);
      const a = 1792 + (lo & 0xff);
      const b = 1536 + ((lo >>> 8) & 0xff);
      const c = 1280 + ((lo >>> 16) & 0xff);
      const d = 1024 + (lo >>> 24);
      const e = 768 + (hi & 0xff);
      const f = 512 + ((hi >>> 8) & 0xff);
      const g = 256 + ((hi >>> 16) & 0xff);
      const h = hi >>> 24;
      lo = low[a]! ^ low[b]! ^ low[c]! ^ low[d]! ^ low[e]! ^ low[f]! ^ low[g]! ^ low[h]!;
      hi = high[a]! ^ high[b]! ^ high[c]! ^ high[d]! ^ high[e]! ^ high[f]! ^ high[g]! ^ high[h]!;
    }
    for (; at < bytes.length; at += 1) {
      const index = (lo ^ bytes[at]!) & 0xff;
      lo = ((lo >>> 8) | (hi << 24)) ^ low[index]!;
      hi = (hi >>> 8) ^ high[index]!;
    }
    this.#low = lo;
    this.#high = hi;
  }

  digest(): Buffer {
    const value = Buffer.alloc(8);
    value.writeUInt32BE(~this.#high >>> 0, 0);
    value.writeUInt32BE(~this.#low >>> 0, 4);
    return value;
  }
}
