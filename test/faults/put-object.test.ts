import { appendFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { putObject } from '../../src/put-object.ts';
import { crc32Base64, updateCrc32 } from '../../src/transfer/checksum.ts';
import { FileSource } from '../../src/transfer/file-source.ts';
import {
  type WireAnswer,
  type WireRequest,
  echoOf,
  s3Error,
  startWireServer,
} from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { clientOf, customerKey, faulty, fileSource, folder, putFile } from './support.ts';

const content = randomBytes(1_300_000);
const crc32 = crc32Base64(updateCrc32(0, content));
const ok = (request: WireRequest, more: Record<string, string> = {}): WireAnswer => ({
  status: 200,
  headers: { etag: '"e"', ...echoOf(request), ...more },
});

describe('a server that fails and recovers', () => {
  test.each([
    ['503', { status: 503 }],
    ['500', { status: 500 }],
  ])('%s twice, then 200: the same bytes go again', async (_name, failure) => {
    const { server, client } = await faulty((request, index) => (index < 2 ? failure : ok(request)));
    const progress: number[] = [];
    const result = await putFile(client, content, { onProgress: (bytes) => progress.push(bytes) });
    expect(result.checksum).toEqual({ algorithm: 'CRC32', value: crc32 });
    expect(server.requests).toHaveLength(3);
    for (const request of server.requests) {
      expect(request.body.equals(content)).toBe(true);
      expect(request.headers['x-amz-checksum-crc32']).toBe(crc32);
      expect(request.headers['content-length']).toBe(String(content.length));
    }
    // the bar starts again with each try
    expect(progress.filter((bytes) => bytes === content.length)).toHaveLength(3);
  });

  test('a connection that is cut before the answer', async () => {
    const { server, client } = await faulty((request, index) =>
      index === 0 ? { status: 0, unanswered: true } : ok(request),
    );
    expect(await putFile(client, content)).toMatchObject({ checksum: { algorithm: 'CRC32', value: crc32 } });
    expect(server.requests.map((request) => request.body.equals(content))).toEqual([true, true]);
    expect(server.connections()).toBe(2);
  });

  test('as often as maxAttempts says and no more', async () => {
    const { server, client } = await faulty([{ status: 503 }], { maxAttempts: 2 });
    const error = await rejected(putFile(client, content));
    expect(error.code).toBe('SERVICE_UNAVAILABLE');
    expect(error.message).toContain('all 2 tries');
    expect(server.requests).toHaveLength(2);
  });

  test('a refusal is not repeated', async () => {
    const { server, client } = await faulty([s3Error(403, 'AccessDenied')]);
    expect((await rejected(putFile(client, content))).code).toBe('ACCESS_DENIED');
    // and asked about once: does the bucket block SSE-C?
    expect(server.requests.map(({ method }) => method)).toEqual(['PUT', 'GET']);
  });
});

describe('412 on a conditional put', () => {
  interface Head {
    readonly size?: number;
    readonly crc?: string;
    readonly echo?: boolean;
    readonly status?: number;
  }
  const script =
    (head: Head) =>
    (request: WireRequest, index: number): WireAnswer => {
      if (request.method === 'HEAD') {
        return {
          status: head.status ?? 200,
          headers: {
            'content-length': String(head.size ?? content.length),
            'x-amz-checksum-crc32': head.crc ?? crc32,
            ...(head.echo === false ? {} : echoOf(request)),
          },
        };
      }
      return index === 0 ? { status: 503 } : s3Error(412, 'PreconditionFailed');
    };

  test('after a repeat: HEAD shows our object, so it is done', async () => {
    const { client } = await faulty(script({}));
    expect(await putFile(client, content, { noOverwrite: true })).toMatchObject({
      proof: 'CRC32',
      checksum: { algorithm: 'CRC32', value: crc32 },
    });
  });

  test.each<[string, Head]>([
    ['of another size', { size: content.length + 1 }],
    ['with other bytes', { crc: 'AAAAAA==' }],
    ['under another key', { status: 403 }],
    ['not encrypted', { echo: false }],
  ])('after a repeat: the object is %s', async (_name, head) => {
    const { client } = await faulty(script(head));
    expect((await rejected(putFile(client, content, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
  });

  test("at the first try it is somebody else's, and nobody asks", async () => {
    const { server, client } = await faulty([s3Error(412, 'PreconditionFailed')]);
    expect((await rejected(putFile(client, content, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
    expect(server.requests).toHaveLength(1);
  });

  test('without the condition it is what the server says', async () => {
    const { client } = await faulty([s3Error(412, 'PreconditionFailed')]);
    expect((await rejected(putFile(client, content))).code).toBe('PRECONDITION_FAILED');
  });
});

describe('a server that ignores the key', () => {
  const algorithm = 'x-amz-server-side-encryption-customer-algorithm';
  const md5 = 'x-amz-server-side-encryption-customer-key-md5';

  test.each<[string, (echo: Record<string, string>) => Record<string, string>]>([
    ['no echo', () => ({})],
    ['the algorithm alone', (echo) => ({ [algorithm]: echo[algorithm] ?? '' })],
    ['the digest alone', (echo) => ({ [md5]: echo[md5] ?? '' })],
    ['the digest of another key', (echo) => ({ ...echo, [md5]: 'arxBvwY2V4SiOne6yppVPQ==' })],
    ['another algorithm', (echo) => ({ ...echo, [algorithm]: 'aws:kms' })],
  ])('%s is no success', async (_name, change) => {
    const { server, client } = await faulty((request) => ({ status: 200, headers: change(echoOf(request)) }));
    const error = await rejected(putFile(client, content));
    expect(error.code).toBe('KEY_IGNORED');
    // without a version that is ours, nothing is deleted: the name may be anybody's by now
    expect(server.requests.map((request) => request.method)).toEqual(['PUT']);
    expect(error.hints[0]).toContain('s3://bucket/k now exists unencrypted');
  });

  test.each([
    ['null', 'null'],
    ['empty', ''],
  ])('the version %s is deleted by nobody', async (_name, version) => {
    const { server, client } = await faulty([{ status: 200, headers: { 'x-amz-version-id': version } }]);
    expect((await rejected(putFile(client, content))).code).toBe('KEY_IGNORED');
    expect(server.requests.map((request) => request.method)).toEqual(['PUT']);
  });

  test('the version that our put made is deleted, and only that', async () => {
    const { server, client } = await faulty((request) =>
      request.method === 'PUT' ? { status: 200, headers: { 'x-amz-version-id': 'v7' } } : { status: 204 },
    );
    const error = await rejected(putFile(client, content));
    expect(error.code).toBe('KEY_IGNORED');
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /bucket/k?x-id=PutObject',
      'DELETE /bucket/k?versionId=v7&x-id=DeleteObject',
    ]);
    expect(error.hints[0]).toBe('the unencrypted version v7 was deleted again');
  });

  test('a version that cannot be deleted is named', async () => {
    const { client } = await faulty((request) =>
      request.method === 'PUT'
        ? { status: 200, headers: { 'x-amz-version-id': 'v7' } }
        : s3Error(403, 'AccessDenied'),
    );
    const error = await rejected(putFile(client, content));
    expect(error.code).toBe('KEY_IGNORED');
    expect(error.hints[0]).toMatch(/version v7 .* could not be deleted/);
  });
});

test('a checksum that comes back as another is no success', async () => {
  const { client } = await faulty((request) => ok(request, { 'x-amz-checksum-crc32': 'AAAAAA==' }));
  expect((await rejected(putFile(client, content))).code).toBe('CHECKSUM_MISMATCH');
});

describe('a refusal before the body is read', () => {
  test.each(['drain', 'ignore'] as const)(
    'while a large file is sent; the server will %s the rest',
    async (early) => {
      const { server, client } = await faulty([
        { ...s3Error(403, 'AccessDenied', 'x has blocked upload requests y'), early },
        s3Error(403, 'AccessDenied'),
      ]);
      const large = Buffer.alloc(16 * 1024 * 1024, 'x');
      const source = await fileSource(large);
      let sent = 0;
      const onProgress = (bytes: number): void => {
        sent = bytes;
      };
      expect((await rejected(putFile(client, large, { source, onProgress }))).code).toBe('SSEC_BLOCKED');
      expect(server.requests).toHaveLength(1);
      // what nobody wants is not sent
      expect(sent).toBeLessThan(large.length);
      // and the connection with half a request on it is not used again
      expect((await rejected(putFile(client, content))).code).toBe('ACCESS_DENIED');
      expect(server.requests[1]?.body.equals(content)).toBe(true);
    },
  );
});

describe('a refusal before the body is read, again and again', () => {
  test('takes no connection out of the pool', async () => {
    const { client } = await faulty(() => ({ ...s3Error(403, 'AccessDenied'), early: 'ignore' }), {
      maxSockets: 2,
    });
    const source = await fileSource(Buffer.alloc(16 * 1024 * 1024, 'x'));
    for (let i = 0; i < 4; i++) {
      expect((await rejected(putFile(client, content, { source }))).code).toBe('ACCESS_DENIED');
    }
  });
});

describe('several requests at once to a bucket of another region', () => {
  test('all follow it', async () => {
    const { server, client } = await faulty((request) =>
      request.headers['authorization']?.includes('/eu-west-3/') === true
        ? ok(request)
        : { ...s3Error(301, 'PermanentRedirect'), headers: { 'x-amz-bucket-region': 'eu-west-3' } },
    );
    const results = await Promise.all([1, 2, 3, 4].map(() => putFile(client, content)));
    expect(results).toHaveLength(4);
    expect(client.region).toBe('eu-west-3');
    expect(server.requests.length).toBeLessThanOrEqual(8);
  });
});

describe('a server that knows no conditional put', () => {
  test('is not said to know no SSE-C', async () => {
    const { client } = await faulty([s3Error(501, 'NotImplemented')]);
    const error = await rejected(putFile(client, content, { noOverwrite: true }));
    expect(error).toMatchObject({ code: 'NOT_SUPPORTED', hints: ['try it without --no-overwrite'] });
  });
});

describe('a file that changes while it is sent in parts', () => {
  test('is not stored, and nothing is left of it', async () => {
    const path = join(folder(), 'log');
    writeFileSync(path, Buffer.alloc(24 * 1024 * 1024, 'x'));
    const source = await FileSource.open(path, 'log');
    onTestFinished(() => source.close());
    const { server, client } = await faulty((request) => {
      if (request.method === 'DELETE') return { status: 204 };
      const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
      return request.method === 'POST' ? { ...ok(request), body: created } : ok(request);
    });
    let appended = false;
    const error = await rejected(
      putObject({
        client,
        bucket: 'bucket',
        key: 'k',
        customerKey,
        source,
        onProgress: () => {
          if (!appended) appendFileSync(path, 'more');
          appended = true;
        },
      }),
    );
    expect(error.code).toBe('FILE_CHANGED');
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
    expect(server.requests.at(-1)).toMatchObject({ method: 'DELETE' });
  });
});

describe('an interruption', () => {
  test('ends a put that is under way', async () => {
    const controller = new AbortController();
    const { client } = await faulty(async (request) => {
      controller.abort(new Error('stop'));
      await new Promise((next) => setTimeout(next, 50));
      return ok(request);
    });
    await expect(putFile(client, content, { signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });
});

describe('redirects', () => {
  test.each([301, 302, 307, 308])('%i elsewhere is not followed with a key', async (status) => {
    await using elsewhere = await startWireServer((request) => ok(request));
    const { server, client } = await faulty([
      { ...s3Error(status, 'TemporaryRedirect'), headers: { location: `${elsewhere.endpoint}/bucket/k` } },
    ]);
    expect((await rejected(putFile(client, content))).code).toBe('WRONG_REGION');
    expect(server.requests).toHaveLength(1);
    expect(elsewhere.requests).toEqual([]);
    expect(elsewhere.connections()).toBe(0);
  });

  test.each([
    ['301', 301, 'PermanentRedirect'],
    ['307', 307, 'TemporaryRedirect'],
    ['400', 400, 'AuthorizationHeaderMalformed'],
  ])("%s with the bucket's own region: asked once more, for that region", async (_name, status, code) => {
    const { server, client } = await faulty((request, index) =>
      index === 0
        ? { ...s3Error(status, code), headers: { 'x-amz-bucket-region': 'eu-west-3' } }
        : ok(request),
    );
    expect(client.region).toBe('us-east-1');
    await putFile(client, content);
    const regions = server.requests.map(
      (request) => /Credential=AKID\/\d+\/([^/]+)\//.exec(request.headers['authorization'] ?? '')?.[1],
    );
    expect(regions).toEqual(['us-east-1', 'eu-west-3']);
    expect(server.requests.map((request) => request.body.equals(content))).toEqual([true, true]);
    expect(client.region).toBe('eu-west-3');
    // what follows goes there at once
    await putFile(client, content);
    expect(server.requests).toHaveLength(3);
  });

  test('a circle of regions ends', async () => {
    const { server, client } = await faulty((_request, index) => ({
      ...s3Error(301, 'PermanentRedirect'),
      headers: { 'x-amz-bucket-region': index % 2 === 0 ? 'eu-west-3' : 'eu-north-1' },
    }));
    expect((await rejected(putFile(client, content))).code).toBe('WRONG_REGION');
    expect(server.requests).toHaveLength(2);
  });
});

describe('http', () => {
  test('is refused before a byte leaves', async () => {
    await using server = await startWireServer((request) => ok(request), { plain: true });
    expect(() => clientOf(server)).toThrow(expect.objectContaining({ code: 'INSECURE_ENDPOINT' }));
    expect(server.connections()).toBe(0);
  });

  test.each([
    ['no scheme', '127.0.0.1:9000', 'SETTING_INVALID'],
    ['no URL', 's3.example.com', 'SETTING_INVALID'],
    ['another scheme', 'ftp://s3.example.com', 'INSECURE_ENDPOINT'],
    ['a user', 'https://me:pw@s3.example.com', 'SETTING_INVALID'],
    ['a query', 'https://s3.example.com/?x', 'SETTING_INVALID'],
  ])('%s', async (_name, endpoint, code) => {
    await using server = await startWireServer([{ status: 200 }]);
    let error: unknown;
    try {
      clientOf(server, { endpoint });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code });
    expect((error as Error).message).not.toContain('pw');
  });
});
