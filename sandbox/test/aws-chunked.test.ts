import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Identity } from '../src/auth/authenticate.ts';
import { signingKey } from '../src/auth/sigv4.ts';
import { AwsChunkedDecoder, type AwsChunkedOptions, type TrailerField } from '../src/body/aws-chunked.ts';
import { ChunkSignatures } from '../src/body/chunk-signatures.ts';
import { crc32c } from '../src/checksum/crc32c.ts';

interface Decoded {
  readonly content: Buffer;
  readonly trailer: readonly TrailerField[];
}

function decode(pieces: readonly Buffer[], options: AwsChunkedOptions): Decoded {
  const decoder = new AwsChunkedDecoder(options);
  const content = pieces.flatMap((piece) => [...decoder.push(piece)].map((part) => Buffer.from(part)));
  return { content: Buffer.concat(content), trailer: decoder.finish() };
}

function encode(chunks: readonly Buffer[], trailer = ''): Buffer {
  const parts = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`)]);
}

const trailers = ['x-amz-checksum-crc32'];
const crcLine = 'x-amz-checksum-crc32:AAAAAA==\r\n';

describe('unsigned chunks', () => {
  test('any split of any body gives the same content', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(
        fc.array(bytes, { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (chunks, cuts) => {
          const encoded = encode(chunks, crcLine);
          const marks = [0, ...cuts.map((cut) => cut % (encoded.length + 1)), encoded.length].sort(
            (a, b) => a - b,
          );
          const pieces = marks.slice(1).map((mark, index) => encoded.subarray(marks[index], mark));
          const decoded = decode(pieces, { trailers, minChunkBytes: 1 });
          expect(decoded.content).toEqual(Buffer.concat(chunks));
          expect(decoded.trailer).toEqual([{ name: 'x-amz-checksum-crc32', value: 'AAAAAA==' }]);
        },
      ),
    );
  });

  test('byte by byte', () => {
    const encoded = encode([Buffer.from('hello\r\n0\r\n\r\n')], crcLine);
    const pieces = [...encoded].map((byte) => Buffer.of(byte));
    expect(decode(pieces, { trailers }).content.toString()).toBe('hello\r\n0\r\n\r\n');
  });

  test.each([
    ['no chunk size', 'zz\r\nab\r\n0\r\n\r\n', 'InvalidRequest'],
    ['negative size', '-1\r\n', 'InvalidRequest'],
    ['empty size', '\r\n', 'InvalidRequest'],
    ['bare line feed', '2\nab\r\n0\r\n\r\n', 'InvalidRequest'],
    ['chunk longer than its size', '2\r\nabc\r\n0\r\n\r\n', 'InvalidRequest'],
    ['chunk shorter than its size', '3\r\nab\r\n0\r\n\r\n', 'InvalidRequest'],
    ['bytes after the end', '2\r\nab\r\n0\r\n\r\nx', 'InvalidRequest'],
    ['endless line', '0'.repeat(5000), 'InvalidRequest'],
    ['signature where none belongs', '2;chunk-signature=00\r\nab\r\n0\r\n\r\n', 'InvalidRequest'],
    ['no end', '2\r\nab\r\n', 'IncompleteBody'],
    ['nothing at all', '', 'IncompleteBody'],
    ['trailer that was not announced', '0\r\nx-amz-checksum-sha1:AA==\r\n\r\n', 'MalformedTrailerError'],
    ['trailer without colon', '0\r\nx-amz\r\n\r\n', 'MalformedTrailerError'],
    ['two small chunks', '2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n', 'InvalidChunkSizeError'],
  ])('refused: %s', (_, encoded, code) => {
    expect(() => decode([Buffer.from(encoded)], { trailers: [] })).toThrow(expect.objectContaining({ code }));
  });

  test('an announced trailer must come, once', () => {
    const missing = () => decode([Buffer.from('0\r\n\r\n')], { trailers });
    const twice = () => decode([Buffer.from(`0\r\n${crcLine}${crcLine}\r\n`)], { trailers });
    expect(missing).toThrow(expect.objectContaining({ code: 'MalformedTrailerError' }));
    expect(twice).toThrow(expect.objectContaining({ code: 'MalformedTrailerError' }));
  });
});

// AWS's example: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and -trailers.html
const chunks = [Buffer.alloc(65_536, 'a'), Buffer.alloc(1024, 'a'), Buffer.alloc(0)];
const examples = {
  payload: {
    seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    chunks: [
      'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
      '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
      'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
    ],
  },
  trailer: {
    seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
    chunks: [
      'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
      '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
      '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
    ],
    trailer: 'd81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435',
  },
};

function identity(seedSignature: string): Identity {
  return {
    presigned: false,
    region: 'us-east-1',
    scope: '20130524/us-east-1/s3/aws4_request',
    timestamp: '20130524T000000Z',
    signingKey: signingKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', '20130524', 'us-east-1'),
    seedSignature,
    payloadHash: '',
  };
}

function encodeSigned(signatures: readonly string[], end: string): Buffer {
  const parts = chunks.flatMap((chunk, index) => [
    Buffer.from(`${chunk.length.toString(16)};chunk-signature=${signatures[index]}\r\n`),
    chunk,
    Buffer.from(chunk.length === 0 ? '' : '\r\n'),
  ]);
  return Buffer.concat([...parts, Buffer.from(end)]);
}

function verifierOf(seed: string): ChunkSignatures {
  return new ChunkSignatures(identity(seed));
}

describe('signed chunks', () => {
  const { payload, trailer } = examples;
  const crcTrailer = 'x-amz-checksum-crc32c:sOO8/Q==\r\n';
  const trailerOptions = { verifier: verifierOf(trailer.seed), trailers: ['x-amz-checksum-crc32c'] };

  test("AWS's example without trailer", () => {
    const encoded = encodeSigned(payload.chunks, '\r\n');
    const decoded = decode([encoded], { verifier: verifierOf(payload.seed), trailers: [] });
    expect(decoded.content).toEqual(Buffer.concat(chunks));
    expect(encoded.length).toBe(66_824);
  });

  test("AWS's example with a signed trailer", () => {
    const end = `${crcTrailer}x-amz-trailer-signature:${trailer.trailer}\r\n\r\n`;
    const encoded = encodeSigned(trailer.chunks, end);
    const decoded = decode([encoded.subarray(0, 70_000), encoded.subarray(70_000)], trailerOptions);
    expect(decoded.trailer).toEqual([{ name: 'x-amz-checksum-crc32c', value: 'sOO8/Q==' }]);
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32c(decoded.content));
    expect(value.toString('base64')).toBe('sOO8/Q==');
  });

  test.each([
    ['a changed byte', () => encodeSigned(payload.chunks, '\r\n').fill('b', 200, 201)],
    ['chunk signatures out of order', () => encodeSigned([...payload.chunks].reverse(), '\r\n')],
  ])('refused: %s', (_, encoded) => {
    const attempt = () => decode([encoded()], { verifier: verifierOf(payload.seed), trailers: [] });
    expect(attempt).toThrow(expect.objectContaining({ code: 'SignatureDoesNotMatch' }));
  });

  test('refused: a trailer without its signature, or with another', () => {
    const options = () => ({ verifier: verifierOf(trailer.seed), trailers: ['x-amz-checksum-crc32c'] });
    const unsigned = encodeSigned(trailer.chunks, `${crcTrailer}\r\n`);
    const wrong = encodeSigned(
      trailer.chunks,
      `${crcTrailer}x-amz-trailer-signature:${'0'.repeat(64)}\r\n\r\n`,
    );
    expect(() => decode([unsigned], options())).toThrow(
      expect.objectContaining({ code: 'MalformedTrailerError' }),
    );
    expect(() => decode([wrong], options())).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });
});
