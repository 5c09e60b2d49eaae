import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checksumAlgorithms, startChecksum } from '../src/checksum/checksum.ts';

const hex = (base64: string) => Buffer.from(base64, 'base64').toString('hex');

// The check values of https://reveng.sourceforge.io/crc-catalogue/all.htm, over "123456789".
test.each([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['sha1', createHash('sha1').update('123456789').digest('hex')],
  ['sha256', createHash('sha256').update('123456789').digest('hex')],
] as const)('%s', (algorithm, expected) => {
  const state = startChecksum(algorithm);
  state.update(Buffer.from('123456789'));
  expect(hex(state.base64())).toBe(expected);
});

test('CRC32C of RFC 3720, appendix B.4', () => {
  const ascending = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  const cases: [Buffer, string][] = [
    [Buffer.alloc(32), '8a9136aa'],
    [Buffer.alloc(32, 0xff), '62a8ab43'],
    [ascending, '46dd794e'],
  ];
  for (const [bytes, expected] of cases) {
    const state = startChecksum('crc32c');
    state.update(bytes);
    expect(hex(state.base64())).toBe(expected);
  }
});

test.each(checksumAlgorithms)('%s does not depend on how the bytes are split', (algorithm) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, cut) => {
      const whole = startChecksum(algorithm);
      whole.update(bytes);
      const split = startChecksum(algorithm);
      split.update(bytes.subarray(0, cut));
      split.update(bytes.subarray(cut));
      expect(split.base64()).toBe(whole.base64());
    }),
  );
});
