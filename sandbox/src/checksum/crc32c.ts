/** CRC-32C (Castagnoli, reflected 0x82F63B78), four bytes a step. */

// Entry [slice * 256 + byte]: the CRC of that byte followed by `slice` zero bytes. All indices below are in range.
const table = new Uint32Array(4 * 256);

for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  table[byte] = crc;
}
for (let index = 256; index < 4 * 256; index += 1) {
  const crc = table[index - 256]!;
  table[index] = (crc >>> 8) ^ table[crc & 0xff]!;
}

/** Goes on from `previous`, the value of what came before. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  const whole = bytes.length - (bytes.length % 4);
  let at = 0;
  for (; at < whole; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      table[768 + (crc & 0xff)]! ^
      table[512 + ((crc >>> 8) & 0xff)]! ^
      table[256 + ((crc >>> 16) & 0xff)]! ^
      table[crc >>> 24]!;
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
