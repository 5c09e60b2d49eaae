import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ChecksumAlgorithm, startChecksum } from '../src/checksum/checksum.ts';
import { combineCrcs } from '../src/checksum/combine-crc.ts';
import { MiB, RawUpload } from './support/multipart.ts';
import { send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const key = sseC(randomBytes(32));
const parts = [randomBytes(5 * MiB), randomBytes(333)];
const whole = Buffer.concat(parts);
const enabled = { 'x-amz-checksum-mode': 'ENABLED' };

function checksum(algorithm: ChecksumAlgorithm, ...bytes: Buffer[]): string {
  const state = startChecksum(algorithm);
  for (const piece of bytes) state.update(piece);
  return state.base64();
}

function composite(algorithm: ChecksumAlgorithm): string {
  const values = parts.map((part) => Buffer.from(checksum(algorithm, part), 'base64'));
  return `${checksum(algorithm, ...values)}-${parts.length}`;
}

/** An upload with both parts, each with its checksum where that is wanted. */
async function uploaded(algorithm: ChecksumAlgorithm, headers: Record<string, string>, sent = true) {
  const one = new RawUpload(running(), `${algorithm}-${randomBytes(4).toString('hex')}`);
  const created = await one.create({
    'x-amz-checksum-algorithm': algorithm.toUpperCase(),
    ...headers,
    ...key,
  });
  for (const [index, body] of parts.entries()) {
    const value = checksum(algorithm, body);
    const header = `x-amz-checksum-${algorithm}`;
    const answer = await one.part(index + 1, body, { ...key, ...(sent ? { [header]: value } : {}) });
    expect([answer.status, answer.headers[header]]).toEqual([200, value]);
  }
  const elements = parts.map(
    (part) =>
      `<Checksum${algorithm.toUpperCase()}>${checksum(algorithm, part)}</Checksum${algorithm.toUpperCase()}>`,
  );
  return { one, created, elements };
}

test.each(['crc32', 'crc32c', 'crc64nvme'] as const)('%s of parts make that of the whole', (algorithm) => {
  const pieces = [randomBytes(1), randomBytes(70_001), Buffer.alloc(0), randomBytes(256)];
  const given = pieces.map((piece) => ({ base64: checksum(algorithm, piece), size: piece.length }));
  expect(combineCrcs(algorithm, given)).toBe(checksum(algorithm, ...pieces));
});

describe('COMPOSITE', () => {
  test.each(['crc32', 'crc32c', 'sha1', 'sha256'] as const)('%s, by default', async (algorithm) => {
    const header = `x-amz-checksum-${algorithm}`;
    const { one, created, elements } = await uploaded(algorithm, {});
    expect(created.headers).toMatchObject({
      'x-amz-checksum-algorithm': algorithm.toUpperCase(),
      'x-amz-checksum-type': 'COMPOSITE',
    });
    const listed = await one.list(key);
    expect(listed.text).toContain(elements[1]);
    expect([listed.xml('ChecksumAlgorithm'), listed.xml('ChecksumType')]).toEqual([
      algorithm.toUpperCase(),
      'COMPOSITE',
    ]);
    expect([(await one.list()).status, (await one.complete({}, elements)).status]).toEqual([400, 400]);
    const without = await one.complete(key);
    expect([without.status, without.xml('Message')]).toEqual([
      400,
      `The upload was created using a ${algorithm} checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request.`,
    ]);
    const wrong = await one.complete(key, [...elements].reverse());
    expect([wrong.status, wrong.xml('Code')]).toEqual([400, 'InvalidPart']);
    const done = await one.complete({ ...key, [header]: composite(algorithm) }, elements);
    const element = `Checksum${algorithm.toUpperCase()}`;
    expect([done.xml(element), done.xml('ChecksumType')]).toEqual([composite(algorithm), 'COMPOSITE']);
    for (const method of ['GET', 'HEAD']) {
      const read = await one.read({ ...key, ...enabled }, method);
      expect(read.headers).toMatchObject({
        [header]: composite(algorithm),
        'x-amz-checksum-type': 'COMPOSITE',
      });
      const part = await one.read({ ...key, ...enabled }, method, '?partNumber=2');
      expect(part.headers[header]).toBe(checksum(algorithm, parts[1] ?? Buffer.alloc(0)));
    }
    expect((await one.read({ ...key, ...enabled, range: 'bytes=0-9' })).headers[header]).toBeUndefined();
  });

  test('a part must come with the checksum of the upload', async () => {
    const { one } = await uploaded('sha256', {});
    for (const [headers, actual] of [
      [{}, 'null'],
      [{ 'x-amz-checksum-sha1': createHash('sha1').update('x').digest('base64') }, 'sha1'],
    ] as const) {
      const answer = await one.part(1, 'x', { ...key, ...headers });
      expect([answer.status, answer.xml('Message')]).toEqual([
        400,
        `Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: ${actual}`,
      ]);
    }
    const wrong = { 'x-amz-checksum-sha256': createHash('sha256').update('y').digest('base64') };
    expect((await one.part(1, 'x', { ...key, ...wrong })).xml('Code')).toBe('BadDigest');
  });
});

describe('FULL_OBJECT', () => {
  const full = { 'x-amz-checksum-type': 'FULL_OBJECT' };

  test.each([
    ['crc32', full, true],
    ['crc32c', full, false],
    ['crc64nvme', {}, true],
  ] as const)('%s', async (algorithm, headers, sent) => {
    const header = `x-amz-checksum-${algorithm}`;
    const { one, created, elements } = await uploaded(algorithm, headers, sent);
    expect(created.headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
    const value = checksum(algorithm, whole);
    const claims = { ...key, ...full, 'x-amz-mp-object-size': String(whole.length) };
    const bad = await one.complete({ ...claims, [header]: checksum(algorithm, Buffer.from('x')) });
    expect([bad.status, bad.xml('Code')]).toEqual([400, 'BadDigest']);
    expect((await one.complete({ ...claims, 'x-amz-mp-object-size': '7' })).xml('Code')).toBe(
      'InvalidRequest',
    );
    expect((await one.complete({ ...claims, 'x-amz-checksum-type': 'COMPOSITE' })).xml('Message')).toContain(
      'must use the same checksum mode',
    );
    const done = await one.complete({ ...claims, [header]: value }, sent ? elements : []);
    expect([done.status, done.xml(`Checksum${algorithm.toUpperCase()}`), done.xml('ChecksumType')]).toEqual([
      200,
      value,
      'FULL_OBJECT',
    ]);
    const read = await one.read({ ...key, ...enabled }, 'HEAD');
    expect(read.headers).toMatchObject({ [header]: value, 'x-amz-checksum-type': 'FULL_OBJECT' });
  });
});

test.each([
  [
    'CRC64NVME',
    'COMPOSITE',
    'The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.',
  ],
  [
    'SHA256',
    'FULL_OBJECT',
    'The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.',
  ],
  ['SHA1', 'FULL_OBJECT', 'The FULL_OBJECT checksum type cannot be used with the sha1 checksum algorithm.'],
])('%s and %s do not go together', async (algorithm, type, message) => {
  const one = new RawUpload(running(), 'no');
  const answer = await one.create({ 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': type });
  expect([answer.status, answer.xml('Code'), answer.xml('Message')]).toEqual([
    400,
    'InvalidRequest',
    message,
  ]);
});

describe('an upload without an algorithm', () => {
  test("echoes a part's checksum, and derives CRC64NVME where the key came along", async () => {
    const one = new RawUpload(running(), 'derived');
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(parts[0] ?? ''));
    const header = { 'x-amz-checksum-crc32': bytes.toString('base64') };
    await one.create(key);
    expect((await one.part(1, parts[0] ?? '', { ...key, ...header })).headers).toMatchObject(header);
    await one.part(2, parts[1] ?? '', key);
    const done = await one.complete(key);
    expect(done.xml('ChecksumCRC64NVME')).toBe(checksum('crc64nvme', whole));
    const listed = await send(running(), { method: 'GET', path: `/${bucket}?prefix=derived` });
    expect([listed.xml('ChecksumAlgorithm'), listed.xml('ChecksumType')]).toEqual([
      'CRC64NVME',
      'FULL_OBJECT',
    ]);
  });
});

describe('GetObjectAttributes', () => {
  const wanted = { 'x-amz-object-attributes': 'ETag,Checksum,ObjectParts,ObjectSize,StorageClass' };
  const attributes = (one: RawUpload, headers: Record<string, string>) =>
    one.read(headers, 'GET', '?attributes=');

  test('of an upload in parts', async () => {
    const { one, elements } = await uploaded('sha256', {});
    await one.complete(key, elements);
    const answer = await attributes(one, { ...key, ...wanted });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers).join()).not.toContain('server-side-encryption');
    expect(answer.xml('ETag')).toMatch(/^[0-9a-f]{32}-2$/);
    expect([answer.xml('ObjectSize'), answer.xml('PartsCount'), answer.xml('ChecksumType')]).toEqual([
      String(whole.length),
      '2',
      'COMPOSITE',
    ]);
    expect(answer.text).toContain(`<PartNumber>2</PartNumber><Size>333</Size>${elements[1]}`);
    const page = await attributes(one, { ...key, ...wanted, 'x-amz-max-parts': '1' });
    expect([page.xml('IsTruncated'), page.xml('NextPartNumberMarker')]).toEqual(['true', '1']);
    const next = await attributes(one, { ...key, ...wanted, 'x-amz-part-number-marker': '1' });
    expect([next.xml('IsTruncated'), next.xml('PartNumber')]).toEqual(['false', '2']);
  });

  test('needs the key, and attributes', async () => {
    const one = new RawUpload(running(), 'attributed');
    await send(running(), { method: 'PUT', path: one.path, body: 'x', headers: key });
    expect((await attributes(one, wanted)).xml('Code')).toBe('InvalidRequest');
    expect((await attributes(one, { ...wanted, ...sseC(randomBytes(32)) })).status).toBe(403);
    expect((await attributes(one, key)).status).toBe(400);
    expect((await attributes(one, { ...key, 'x-amz-object-attributes': 'Colour' })).xml('Code')).toBe(
      'InvalidArgument',
    );
    const answer = await attributes(one, { ...key, 'x-amz-object-attributes': 'Checksum,ObjectParts' });
    expect([answer.xml('ChecksumType'), answer.xml('ObjectParts'), answer.xml('ETag')]).toEqual([
      'FULL_OBJECT',
      undefined,
      undefined,
    ]);
  });
});
