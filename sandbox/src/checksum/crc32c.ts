/** CRC-32C (Castagnoli, reflected 0x82F63B78), four bytes a step. */
const tables = makeTables();

function makeTables(): readonly Uint32Array[] {
  const made = [0, 1, 2, 3].map(() => new Uint32Array(256));
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    for (const table of made) {
      table[byte] = crc;
      crc = (crc >>> 8) ^ (made[0]?.[crc & 0xff] ?? 0);
    }
  }
  return made;
}

const [t0 = new Uint32Array(), t1 = t0, t2 = t0, t3 = t0] = tables;

/** Goes on from `previous`, the value of what came before. */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  const whole = bytes.length - (bytes.length % 4);
  let at = 0;
  for (; at < whole; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = t3[crc & 0xff]! ^ t2[(crc >>> 8) & 0xff]! ^ t1[(crc >>> 16) & 0xff]! ^ t0[crc >>> 24]!;
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
