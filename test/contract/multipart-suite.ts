import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keyHeaders, type RawAnswer, send } from '../support/signed-request.ts';
import type { ContractServer } from './contract-server.ts';

type Headers = Readonly<Record<string, string>>;

const ALG = 'x-amz-server-side-encryption-customer-algorithm';
const MD5 = 'x-amz-server-side-encryption-customer-key-md5';
const key = randomBytes(32);
const withKey = keyHeaders(key);
const echo = { [ALG]: 'AES256', [MD5]: withKey[MD5] };
const otherKey = keyHeaders(randomBytes(32));
/** The least that S3 takes for a part that is not the last; not whole cipher blocks. */
const large = randomBytes(5 * 1024 ** 2 + 13);
const small = randomBytes(1000);

/** What S3 answers to multipart uploads under a customer key. Part of `contractSuite`. */
export function multipartSuite(name: ContractServer['name'], open: () => ContractServer): void {
  const isRgw = name === 'rgw';
  const uploads: Upload[] = [];

  /** One upload of its own key name. */
  class Upload {
    readonly #object: string;
    #uploadId = '';
    readonly #parts: string[] = [];

    constructor(object: string) {
      this.#object = `multipart/${object}`;
      uploads.push(this);
    }

    send(method: string, query: string, headers: Headers = {}, body?: Buffer): Promise<RawAnswer> {
      const server = open();
      return send(server, {
        method,
        bucket: server.bucket,
        key: server.prefix + this.#object,
        ...(query === '' ? {} : { query }),
        headers,
        ...(body === undefined ? {} : { body }),
      });
    }

    async create(headers: Headers = {}): Promise<RawAnswer> {
      const answer = await this.send('POST', 'uploads=', headers);
      this.#uploadId = elements(answer, 'UploadId')[0] ?? '';
      return answer;
    }

    async part(number: number, body: Buffer, headers: Headers = {}, ofPart = ''): Promise<RawAnswer> {
      const query = `partNumber=${number}&uploadId=${encodeURIComponent(this.#uploadId)}`;
      const answer = await this.send('PUT', query, headers, body);
      if (answer.status === 200) this.#parts.push(entry(number, answer.headers['etag'], ofPart));
      return answer;
    }

    complete(headers: Headers = {}, parts: readonly string[] = this.#parts): Promise<RawAnswer> {
      const document = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`;
      return this.send('POST', this.#query, headers, Buffer.from(document));
    }

    get parts(): readonly string[] {
      return this.#parts;
    }

    get uploadId(): string {
      return this.#uploadId;
    }

    list(headers: Headers = {}): Promise<RawAnswer> {
      return this.send('GET', this.#query, headers);
    }

    abort(): Promise<RawAnswer> {
      return this.send('DELETE', this.#query);
    }

    get #query(): string {
      return `uploadId=${encodeURIComponent(this.#uploadId)}`;
    }
  }

  describe('multipart uploads', () => {
    // parts that are left cost money; what was completed or aborted is 404
    afterAll(async () => {
      for (const upload of uploads) await upload.abort();
    });

    describe('from Create to Complete', () => {
      const upload = new Upload('whole');
      const etags: string[] = [];
      let completed: RawAnswer;

      beforeAll(async () => {
        expect(await upload.create(withKey)).toMatchObject({ status: 200, headers: echo });
        for (const [index, body] of [large, small].entries()) {
          const answer = await upload.part(index + 1, body, withKey);
          expect(answer).toMatchObject({ status: 200, headers: echo });
          expect(answer.headers['x-amz-server-side-encryption']).toBeUndefined();
          etags.push(String(answer.headers['etag']));
        }
        completed = await upload.complete(withKey);
        expect(completed.status).toBe(200);
      });

      test('Complete echoes the key', () => {
        // RGW 16.2.15 sends nothing of it on Complete
        expect(completed.headers).toMatchObject(isRgw ? {} : echo);
        if (isRgw) expect(completed.headers[ALG]).toBeUndefined();
      });

      test('the ETag is made of those of the parts, which tell nothing', async () => {
        const head = await upload.send('HEAD', '', withKey);
        const bytes = etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex'));
        expect(head.headers['etag']).toBe(`"${digest(Buffer.concat(bytes))}-2"`);
        // RGW 16.2.15: the MD5 of the plaintext; AWS documents the opposite
        expect(etags[0] === `"${digest(large)}"`).toBe(isRgw);
        if (!isRgw) expect(elements(completed, 'ETag')).toEqual([head.headers['etag']]);
      });

      test('the whole, under the key alone', async () => {
        const read = await upload.send('GET', '', withKey);
        expect(read).toMatchObject({ status: 200, headers: echo });
        expect(read.body.equals(Buffer.concat([large, small]))).toBe(true);
        expect((await upload.send('GET', '')).status).toBe(400);
        expect((await upload.send('GET', '', otherKey)).status).toBe(isRgw ? 400 : 403);
      });

      test.for([
        [large.length - 1, large.length],
        [large.length - 100, large.length + 99],
        [large.length, large.length],
        [large.length + 1, large.length + 999],
        [15, large.length + 16],
      ] as const)('the range from %d to %d', async ([first, last]) => {
        const read = await upload.send('GET', '', { ...withKey, range: `bytes=${first}-${last}` });
        expect(read.status).toBe(206);
        const whole = Buffer.concat([large, small]);
        expect(read.headers['content-range']).toBe(`bytes ${first}-${last}/${whole.length}`);
        expect(read.body.equals(whole.subarray(first, last + 1))).toBe(true);
      });

      test('a part by its number', async () => {
        const read = await upload.send('GET', 'partNumber=2', withKey);
        // RGW 16.2.15 passes over the number
        expect(read.body.length).toBe(isRgw ? large.length + small.length : small.length);
        if (isRgw) return;
        expect(read).toMatchObject({ status: 206, headers: { 'x-amz-mp-parts-count': '2' } });
        expect(read.body.equals(small)).toBe(true);
      });

      test('the upload is no more', async () => {
        expect(await upload.abort()).toMatchObject({ status: 404, code: 'NoSuchUpload' });
      });
    });

    describe('the key of a part', () => {
      const initiated =
        'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.';

      test('another than at Create', async () => {
        const upload = new Upload('another-key');
        await upload.create(withKey);
        const answer = await upload.part(1, small, otherKey);
        expect(answer).toMatchObject(
          isRgw
            ? {
                status: 400,
                code: 'InvalidArgument',
                message: 'The calculated MD5 hash of the key did not match the hash that was provided.',
              }
            : {
                status: 400,
                code: 'InvalidRequest',
                message: 'The provided encryption parameters did not match the ones used originally.',
              },
        );
        expect(answer.headers[ALG]).toBeUndefined();
      });

      test('none', async () => {
        const upload = new Upload('no-key');
        await upload.create(withKey);
        expect(await upload.part(1, small)).toMatchObject(
          isRgw
            ? { status: 400, code: 'InvalidArgument' }
            : { status: 400, code: 'InvalidRequest', message: initiated },
        );
      });

      test('one that Create did not have', async () => {
        const upload = new Upload('plain');
        await upload.create();
        const answer = await upload.part(1, small, withKey);
        // RGW 16.2.15 takes it, stores the part in clear and echoes nothing
        if (isRgw) expect([answer.status, answer.headers[ALG]]).toEqual([200, undefined]);
        else expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest', message: initiated });
      });
    });

    describe('the key of Complete', () => {
      const keyOfComplete =
        'The object was stored using a form of Server Side Encryption. Correct SSE-C request parameters are required for this request when specifying checksums for each part.';

      async function uploaded(object: string): Promise<Upload> {
        const upload = new Upload(object);
        await upload.create(withKey);
        await upload.part(1, small, withKey);
        return upload;
      }

      test('may be left out', async () => {
        const upload = await uploaded('no-key-at-complete');
        const answer = await upload.complete();
        expect(answer.status).toBe(200);
        expect([answer.headers[ALG], answer.headers[MD5]]).toEqual([isRgw ? undefined : 'AES256', undefined]);
        expect((await upload.send('GET', '', withKey)).body.equals(small)).toBe(true);
      });

      test('a wrong one', async () => {
        const upload = await uploaded('wrong-key-at-complete');
        const answer = await upload.complete(otherKey);
        // RGW 16.2.15 does not look at it
        if (isRgw) expect(answer.status).toBe(200);
        else expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest', message: keyOfComplete });
      });
    });

    describe('what is under way', () => {
      test('parts are listed without the key', async () => {
        const upload = new Upload('listed');
        await upload.create(withKey);
        await upload.part(1, large, withKey);
        await upload.part(3, small, withKey);
        const answer = await upload.list();
        expect(answer.status).toBe(200);
        expect(elements(answer, 'PartNumber')).toEqual(['1', '3']);
        expect(elements(answer, 'Size')).toEqual([String(large.length), String(small.length)]);
        expect(elements(answer, 'IsTruncated')).toEqual(['false']);
        expect(answer.headers[ALG]).toBeUndefined();
      });

      test('uploads are listed by prefix, until they are aborted', async () => {
        const server = open();
        const begun = [new Upload('begun/a'), new Upload('begun/b')];
        for (const upload of begun) await upload.create(withKey);
        const list = async (): Promise<string[]> => {
          const prefix = encodeURIComponent(`${server.prefix}multipart/begun/`);
          const query = `prefix=${prefix}&uploads=`;
          const answer = await send(server, { method: 'GET', bucket: server.bucket, key: '', query });
          expect(answer.status).toBe(200);
          return elements(answer, 'UploadId');
        };
        expect(await list()).toEqual(begun.map(({ uploadId }) => uploadId));
        for (const upload of begun) expect((await upload.abort()).status).toBe(204);
        expect(await list()).toEqual([]);
        expect(await begun[0]?.part(1, small, withKey)).toMatchObject({
          status: 404,
          code: 'NoSuchUpload',
        });
      });
    });

    describe('a list of parts that does not fit', () => {
      const refused = (code: string) => ({ status: 400, code });

      test('in another order, or with a part that nobody sent', async () => {
        const upload = new Upload('misfit');
        await upload.create(withKey);
        await upload.part(1, large, withKey);
        await upload.part(2, large, withKey);
        const [first = '', second = ''] = upload.parts;
        const unknown = entry(2, `"${'0'.repeat(32)}"`);
        expect(await upload.complete(withKey, [first, unknown])).toMatchObject(refused('InvalidPart'));
        const answer = await upload.complete(withKey, [second, first]);
        // RGW 16.2.15 puts them in order
        expect(answer).toMatchObject(isRgw ? { status: 200 } : refused('InvalidPartOrder'));
      });

      test('with a part that is too small, and not the last', async () => {
        const upload = new Upload('too-small');
        await upload.create(withKey);
        await upload.part(1, small, withKey);
        await upload.part(2, small, withKey);
        expect(await upload.complete(withKey)).toMatchObject(refused('EntityTooSmall'));
      });
    });

    describe('checksums', () => {
      test('CRC64NVME is derived where Complete has the key', async (context) => {
        if (isRgw) return context.skip('RGW 16.2.15 takes no notice of checksums');
        for (const headers of [withKey, {}]) {
          const upload = new Upload('derived');
          await upload.create(withKey);
          await upload.part(1, small, withKey);
          const answer = await upload.complete(headers);
          expect(elements(answer, 'ChecksumType')).toEqual(headers === withKey ? ['FULL_OBJECT'] : []);
          const head = await upload.send('HEAD', '', { ...withKey, 'x-amz-checksum-mode': 'ENABLED' });
          const value = head.headers['x-amz-checksum-crc64nvme'];
          expect(value).toBe(elements(answer, 'ChecksumCRC64NVME')[0]);
        }
      });

      test.for([
        ['COMPOSITE', {}],
        ['FULL_OBJECT', { 'x-amz-checksum-type': 'FULL_OBJECT' }],
      ] as const)('CRC32, %s', async ([type, headers], context) => {
        if (isRgw) return context.skip('RGW 16.2.15 takes no notice of checksums');
        const upload = new Upload(`crc32-${type}`);
        const created = await upload.create({ ...withKey, ...headers, 'x-amz-checksum-algorithm': 'CRC32' });
        expect(created.headers).toMatchObject({
          'x-amz-checksum-algorithm': 'CRC32',
          'x-amz-checksum-type': type,
        });
        for (const [index, body] of [large, small].entries()) {
          const value = crc32Of(body).toString('base64');
          const sent = { ...withKey, 'x-amz-checksum-crc32': value };
          const answer = await upload.part(index + 1, body, sent, `<ChecksumCRC32>${value}</ChecksumCRC32>`);
          expect(answer.headers['x-amz-checksum-crc32']).toBe(value);
        }
        const answer = await upload.complete(withKey);
        const value =
          type === 'COMPOSITE'
            ? `${crc32Of(crc32Of(large), crc32Of(small)).toString('base64')}-2`
            : crc32Of(large, small).toString('base64');
        expect([elements(answer, 'ChecksumCRC32'), elements(answer, 'ChecksumType')]).toEqual([
          [value],
          [type],
        ]);
        const head = await upload.send('HEAD', '', { ...withKey, 'x-amz-checksum-mode': 'ENABLED' });
        expect(head.headers).toMatchObject({ 'x-amz-checksum-crc32': value, 'x-amz-checksum-type': type });
      });
    });
  });
}

function entry(number: number, etag: string | undefined, more = ''): string {
  return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag>${more}</Part>`;
}

function elements(answer: RawAnswer, name: string): string[] {
  const found = answer.body.toString().matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'));
  return [...found].map(([, value = '']) => value.replaceAll('&quot;', '"'));
}

function digest(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

function crc32Of(...pieces: readonly Buffer[]): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(pieces.reduce((value, piece) => crc32(piece, value), 0));
  return bytes;
}
