import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MiB, RawUpload } from './support/multipart.ts';
import { send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox({ http: true });
const key = randomBytes(32);
const md5 = (bytes: Buffer | string) => createHash('md5').update(bytes);
const algorithmHeader = 'x-amz-server-side-encryption-customer-algorithm';
const md5Header = 'x-amz-server-side-encryption-customer-key-md5';
const echo = { [algorithmHeader]: 'AES256', [md5Header]: md5(key).digest('base64') };

const upload = (name: string) => new RawUpload(running(), name);

describe('an upload in parts', () => {
  // Not whole cipher blocks, so that each part begins in the middle of one.
  const parts = [randomBytes(5 * MiB + 7), randomBytes(5 * MiB + 1), randomBytes(1000)];
  const whole = Buffer.concat(parts);

  test.each([
    ['under a customer key', sseC(key)],
    ['without one', {}],
  ])('%s', async (name, headers) => {
    const hasKey = Object.keys(headers).length > 0;
    const shown = hasKey ? echo : { 'x-amz-server-side-encryption': 'AES256' };
    const one = upload(`whole ${name}`.replaceAll(' ', '-'));
    const created = await one.create({
      ...headers,
      'x-amz-meta-colour': 'blue',
      'content-type': 'image/jpeg',
    });
    expect(created.headers).toMatchObject(shown);
    expect(created.xml('Bucket')).toBe(bucket);
    for (const [index, body] of parts.entries()) {
      const answer = await one.part(index + 1, body, headers);
      expect(answer.headers).toMatchObject(shown);
      const isMd5 = answer.headers['etag'] === `"${md5(body).digest('hex')}"`;
      expect(isMd5).toBe(!hasKey);
      expect(Object.keys(answer.headers).join()).not.toContain('checksum');
    }
    const done = await one.complete(headers);
    expect([done.status, done.headers]).toMatchObject([200, shown]);
    expect(done.xml('Location')).toBe(`${running().endpoint}${one.path}`);
    const tags = Buffer.concat([...one.etags.values()].map((etag) => Buffer.from(etag, 'hex')));
    const etag = `"${md5(tags).digest('hex')}-3"`;
    expect(done.xml('ETag')).toBe(etag.replaceAll('"', '&quot;'));
    const read = await one.read(headers);
    expect(read.headers).toMatchObject({
      ...shown,
      etag,
      'content-type': 'image/jpeg',
      'x-amz-meta-colour': 'blue',
      'content-length': String(whole.length),
    });
    expect(read.body.equals(whole)).toBe(true);

    const border = 5 * MiB + 7;
    const second = border + 5 * MiB + 1;
    for (const [first, last] of [
      [0, 0],
      [border - 1, border],
      [border, border],
      [border - 20, second + 20],
      [second, second + 999],
      [17, whole.length - 1],
    ] as const) {
      const range = await one.read({ ...headers, range: `bytes=${first}-${last}` });
      expect(range.status).toBe(206);
      expect(range.body.equals(whole.subarray(first, last + 1))).toBe(true);
    }

    for (const method of ['GET', 'HEAD']) {
      const part = await one.read(headers, method, '?partNumber=2');
      expect(part.status).toBe(206);
      expect(part.headers).toMatchObject({
        'x-amz-mp-parts-count': '3',
        'content-range': `bytes ${border}-${second - 1}/${whole.length}`,
      });
      if (method === 'GET') expect(part.body.equals(parts[1] ?? Buffer.alloc(0))).toBe(true);
      const beyond = await one.read(headers, method, '?partNumber=4');
      expect([beyond.status, beyond.xml('Code')]).toEqual([
        416,
        method === 'GET' ? 'InvalidPartNumber' : undefined,
      ]);
    }
    const both = await one.read({ ...headers, range: 'bytes=0-1' }, 'GET', '?partNumber=1');
    expect([both.status, both.xml('Code')]).toEqual([400, 'InvalidRequest']);
    expect((await one.list(headers)).xml('Code')).toBe('NoSuchUpload');
  });

  test('parts come in any order, may be sent again, and need not all be used', async () => {
    const one = upload('reordered');
    await one.create(sseC(key));
    await one.part(7, 'last', sseC(key));
    await one.part(3, Buffer.alloc(5 * MiB, 1), sseC(key));
    await one.part(3, Buffer.alloc(5 * MiB, 3), sseC(key));
    await one.part(9, 'unused', sseC(key));
    const entry = (number: number) =>
      `<Part><ETag>${one.etags.get(number)}</ETag><PartNumber>${number}</PartNumber></Part>`;
    expect((await one.completeWith(entry(3) + entry(7))).status).toBe(200);
    const read = await one.read(sseC(key));
    expect(read.body.equals(Buffer.concat([Buffer.alloc(5 * MiB, 3), Buffer.from('last')]))).toBe(true);
    expect((await one.read(sseC(key), 'GET', '?partNumber=7')).text).toBe('last');
  });

  test('one empty part is an object', async () => {
    const one = upload('empty-part');
    await one.create(sseC(key));
    await one.part(1, '', sseC(key));
    expect((await one.complete()).status).toBe(200);
    expect((await one.read(sseC(key))).headers['content-length']).toBe('0');
    expect((await one.read(sseC(randomBytes(32)))).status).toBe(403);
  });

  test('a single put is its own first part', async () => {
    const path = `/${bucket}/single`;
    await send(running(), { method: 'PUT', path, body: 'x', headers: sseC(key) });
    const read = await send(running(), { method: 'GET', path: `${path}?partNumber=1`, headers: sseC(key) });
    expect([read.status, read.text, read.headers['x-amz-mp-parts-count']]).toEqual([206, 'x', undefined]);
  });
});

describe('what is refused', () => {
  const initiateMessage =
    'The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.';
  const otherKeyMessage = 'The provided encryption parameters did not match the ones used originally.';
  const short = randomBytes(31);

  test.each<[string, Record<string, string>, Record<string, string>, string, string]>([
    ['another key', sseC(key), sseC(randomBytes(32)), 'InvalidRequest', otherKeyMessage],
    ['a key of another length', sseC(key), sseC(short), 'InvalidRequest', otherKeyMessage],
    ['no key', sseC(key), {}, 'InvalidRequest', initiateMessage],
    ['a key on a plain upload', {}, sseC(key), 'InvalidRequest', initiateMessage],
    [
      'no MD5',
      sseC(key),
      { [algorithmHeader]: 'AES256', 'x-amz-server-side-encryption-customer-key': key.toString('base64') },
      'InvalidArgument',
      'Requests specifying Server Side Encryption with Customer provided keys must provide the client calculated MD5 of the secret key.',
    ],
    [
      'x-amz-server-side-encryption',
      {},
      { 'x-amz-server-side-encryption': 'AES256' },
      'InvalidArgument',
      'x-amz-server-side-encryption header is not supported for this operation.',
    ],
  ])('a part with %s', async (_, atCreate, atPart, code, message) => {
    const one = upload('refused');
    await one.create(atCreate);
    const answer = await one.part(1, 'x', atPart);
    expect([answer.status, answer.xml('Code'), answer.xml('Message')]).toEqual([400, code, message]);
    expect(answer.headers[algorithmHeader]).toBeUndefined();
    expect((await one.list()).text).not.toContain('<Part>');
  });

  test('Create validates the key as a put does', async () => {
    const answer = await upload('never').create(sseC(short));
    expect([answer.status, answer.xml('Message')]).toEqual([
      400,
      'The secret key was invalid for the specified algorithm.',
    ]);
  });

  test.each(['0', '10001', '-1', 'x', ''])('part number %s', async (number) => {
    const one = upload('numbers');
    await one.create();
    const answer = await one.part(number, 'x');
    expect([answer.status, answer.xml('Code'), answer.xml('Message')]).toEqual([
      400,
      'InvalidArgument',
      'Part number must be an integer between 1 and 10000, inclusive',
    ]);
  });

  test('an upload that is not there, or of another key', async () => {
    const one = upload('there');
    await one.create();
    const other = upload('elsewhere');
    other.uploadId = one.uploadId;
    const answers = [
      await other.part(1, 'x'),
      await other.complete(),
      await other.list(),
      await other.abort(),
    ];
    expect(answers.map((answer) => [answer.status, answer.xml('Code')])).toEqual([
      [404, 'NoSuchUpload'],
      [400, 'MalformedXML'],
      [404, 'NoSuchUpload'],
      [404, 'NoSuchUpload'],
    ]);
  });

  test('a list of parts that does not fit', async () => {
    const one = upload('misfit');
    await one.create(sseC(key));
    await one.part(1, 'too small', sseC(key));
    await one.part(2, 'last', sseC(key));
    const entry = (number: number, etag = one.etags.get(number) ?? '') =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
    const codes: [string, string][] = [
      ['', 'MalformedXML'],
      ['<Part><PartNumber>1</PartNumber></Part>', 'MalformedXML'],
      [entry(0), 'InvalidArgument'],
      [entry(2) + entry(1), 'InvalidPartOrder'],
      [entry(1) + entry(1), 'InvalidPartOrder'],
      [entry(1, 'x'), 'InvalidPart'],
      [entry(3, 'x'), 'InvalidPart'],
      [entry(1) + entry(2), 'EntityTooSmall'],
    ];
    for (const [parts, code] of codes) {
      const answer = await one.completeWith(parts);
      expect([parts, answer.status, answer.xml('Code')]).toEqual([parts, 400, code]);
    }
    expect((await one.completeWith(entry(2))).status).toBe(200);
  });

  test('parts as small as one was told to take', () =>
    withSandbox({ minPartBytes: 3 }, async (sandbox) => {
      const one = new RawUpload(sandbox, 'small');
      await one.create(sseC(key));
      const entry = (number: number) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${one.etags.get(number) ?? ''}</ETag></Part>`;
      for (const [number, body] of ['ab', 'abc', 'a'].entries()) await one.part(number + 1, body, sseC(key));
      const small = await one.completeWith(entry(1) + entry(3));
      expect([small.xml('Code'), small.xml('MinSizeAllowed')]).toEqual(['EntityTooSmall', '3']);
      expect((await one.completeWith(entry(2) + entry(3))).status).toBe(200);
    }));

  test('over http', async () => {
    const answer = await send(running(), {
      method: 'POST',
      path: `/${bucket}/clear?uploads=`,
      headers: sseC(key),
      http: true,
    });
    expect(answer.xml('Message')).toContain('secure connection');
  });

  test('a bucket that blocks SSE-C', () =>
    withSandbox({ blockSseC: true }, async (sandbox) => {
      const one = new RawUpload(sandbox, 'blocked');
      const created = await one.create({ ...sseC(key), [md5Header]: 'x' });
      expect((await one.create()).status).toBe(200);
      for (const answer of [created, await one.part(1, 'x', sseC(key))]) {
        expect([answer.status, answer.xml('Code')]).toEqual([403, 'AccessDenied']);
        expect(answer.text).toContain('has blocked upload requests');
      }
    }));

  test.each([
    ['s3:PutObject', ['create', 'part', 'complete']],
    ['s3:AbortMultipartUpload', ['abort']],
    ['s3:ListMultipartUploadParts', ['list']],
    ['s3:ListBucketMultipartUploads', ['uploads']],
  ])('without %s', (action, denied) =>
    withSandbox({ denyActions: [action] }, async (sandbox) => {
      const one = new RawUpload(sandbox, 'denied');
      const answers = {
        create: await one.create(),
        part: await one.part(1, 'x'),
        complete: await one.complete(),
        list: await one.list(),
        abort: await one.abort(),
        uploads: await send(sandbox, { method: 'GET', path: `/${bucket}?uploads=` }),
      };
      for (const [name, answer] of Object.entries(answers)) {
        expect([name, answer.status === 403]).toEqual([name, denied.includes(name)]);
      }
    }),
  );
});

describe('the key of CompleteMultipartUpload', () => {
  async function uploaded(headers: Record<string, string>): Promise<RawUpload> {
    const one = upload(`completed-${randomBytes(4).toString('hex')}`);
    await one.create(headers);
    await one.part(1, 'content', headers);
    return one;
  }

  test('may be left out: the algorithm comes back, the MD5 does not', async () => {
    for (const headers of [
      {},
      { [algorithmHeader]: 'x' },
      { [algorithmHeader]: 'AES256', [md5Header]: 'x' },
    ]) {
      const one = await uploaded(sseC(key));
      const done = await one.complete(headers);
      expect([done.status, done.headers[algorithmHeader], done.headers[md5Header]]).toEqual([
        200,
        'AES256',
        undefined,
      ]);
      expect(done.headers['x-amz-server-side-encryption']).toBeUndefined();
      expect(done.text).not.toContain('Checksum');
      const read = await one.read({ ...sseC(key), 'x-amz-checksum-mode': 'ENABLED' });
      expect(read.text).toBe('content');
      expect(Object.keys(read.headers).join()).not.toContain('checksum');
    }
  });

  test('is echoed where it came whole, and a checksum is derived', async () => {
    const one = await uploaded(sseC(key));
    const done = await one.complete(sseC(key));
    expect([done.status, done.headers]).toMatchObject([200, echo]);
    expect([done.xml('ChecksumCRC64NVME'), done.xml('ChecksumType')]).toEqual([
      expect.stringMatching(/^[\w+/]{11}=$/),
      'FULL_OBJECT',
    ]);
  });

  const correctMessage =
    'The object was stored using a form of Server Side Encryption. Correct SSE-C request parameters are required for this request when specifying checksums for each part.';

  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['a wrong key', sseC(key), sseC(randomBytes(32)), correctMessage],
    ['a key of another length', sseC(key), sseC(randomBytes(16)), correctMessage],
    ['a key on a plain upload', {}, sseC(key), correctMessage],
    [
      'a wrong MD5',
      sseC(key),
      { ...sseC(key), [md5Header]: 'x' },
      'The calculated MD5 hash of the key did not match the hash that was provided.',
    ],
    [
      'another algorithm',
      sseC(key),
      { ...sseC(key), [algorithmHeader]: 'AES128' },
      'The Encryption request you specified is not valid. Supported value: AES256.',
    ],
  ])('%s is refused', async (_, atCreate, atComplete, message) => {
    const one = await uploaded(atCreate);
    const answer = await one.complete(atComplete);
    expect([answer.status, answer.xml('Message')]).toEqual([400, message]);
    expect((await one.complete(atCreate)).status).toBe(200);
  });
});

describe('conditions on CompleteMultipartUpload', () => {
  const path = (name: string) => `/${bucket}/${name}`;
  const put = (name: string) => send(running(), { method: 'PUT', path: path(name), body: 'same' });
  const remove = (name: string) => send(running(), { method: 'DELETE', path: path(name) });
  async function begun(name: string): Promise<RawUpload> {
    const one = upload(name);
    await one.create();
    await one.part(1, 'same');
    return one;
  }
  const outcome = async (one: RawUpload, headers: Record<string, string>) => {
    const answer = await one.complete(headers);
    return [answer.status, answer.xml('Code')];
  };

  test('If-None-Match: *', async () => {
    const fresh = await begun('n1');
    await put('n1');
    expect(await outcome(fresh, { 'if-none-match': '*' })).toEqual([412, 'PreconditionFailed']);
    await remove('n1');
    expect(await outcome(fresh, { 'if-none-match': '*' })).toEqual([200, undefined]);
    const later = await begun('n1');
    await remove('n1');
    expect(await outcome(later, { 'if-none-match': '*' })).toEqual([409, 'ConditionalRequestConflict']);
    expect(await outcome(later, { 'if-none-match': '"x"' })).toEqual([501, 'NotImplemented']);
  });

  test('If-Match', async () => {
    const { headers } = await put('m1');
    const etag = headers['etag'] ?? '';
    const one = await begun('m1');
    expect(await outcome(one, { 'if-match': '"x"' })).toEqual([412, 'PreconditionFailed']);
    await put('m1');
    expect(await outcome(one, { 'if-match': etag })).toEqual([409, 'ConditionalRequestConflict']);
    const again = await begun('m1');
    expect(await outcome(again, { 'if-match': etag })).toEqual([200, undefined]);
    await remove('m1');
    expect(await outcome(one, { 'if-match': etag })).toEqual([404, 'NoSuchKey']);
  });
});

test('an upload that is aborted is gone, parts on their way too', async () => {
  const one = upload('aborted');
  await one.create(sseC(key));
  await one.part(1, 'x', sseC(key));
  expect((await one.abort()).status).toBe(204);
  for (const answer of [await one.abort(), await one.part(1, 'x', sseC(key)), await one.list()]) {
    expect([answer.status, answer.xml('Code')]).toEqual([404, 'NoSuchUpload']);
  }
});
