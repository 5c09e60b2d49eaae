import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import {
  type WireAnswer,
  type WireHandler,
  type WireRequest,
  echoOf,
  s3Error,
} from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { faulty, putFile } from './support.ts';
import { content, partSize } from './upload.ts';

vi.mock('../../src/transfer/part-plan.ts', async (original) =>
  (await import('../support/small-plans.ts')).smallPlans(await original()),
);

interface Twists {
  /** In place of the answer to Complete, which was carried out; counted from 0. */
  readonly complete?: (answer: WireAnswer, index: number) => WireAnswer;
  readonly head?: (answer: WireAnswer) => WireAnswer;
}

/**
 * A server as RGW 16 is: it knows no checksum but Content-MD5, echoes the key on Create and on reads alone, and does
 * not say the ETag of what it completed.
 */
function keepsNoChecksums({ complete, head }: Twists = {}): WireHandler {
  const parts = new Map<number, Buffer>();
  let object: { readonly size: number; readonly etag: string } | undefined;
  let completions = 0;
  const xml = (body: string): WireAnswer => ({
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body,
  });
  return (request: WireRequest): WireAnswer => {
    const query = new URL(request.path, 'https://x').searchParams;
    if (request.method === 'HEAD') {
      if (object === undefined) return { status: 404 };
      const { size, etag } = object;
      const answer: WireAnswer = {
        status: 200,
        headers: { 'content-length': String(size), etag, ...echoOf(request) },
      };
      return head?.(answer) ?? answer;
    }
    if (request.method === 'DELETE') return { status: 204 };
    if (query.has('uploads')) {
      const answer = xml(
        '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
      );
      return { ...answer, headers: { ...answer.headers, ...echoOf(request) } };
    }
    if (request.method === 'PUT') {
      const md5 = createHash('md5').update(request.body).digest('base64');
      if (request.headers['content-md5'] !== md5) return s3Error(400, 'BadDigest');
      parts.set(Number(query.get('partNumber')), request.body);
      return { status: 200, headers: { etag: `"${createHash('md5').update(request.body).digest('hex')}"` } };
    }
    const index = completions++;
    const found = object === undefined ? undefined : s3Error(404, 'NoSuchUpload');
    const bodies = [...parts].sort(([a], [b]) => a - b).map(([, body]) => body);
    const digests = bodies.map((body) => createHash('md5').update(body).digest());
    const etag = createHash('md5').update(Buffer.concat(digests)).digest('hex');
    object = { size: Buffer.concat(bodies).length, etag: `"${etag}-${bodies.length}"` };
    const answer = found ?? xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
    return complete?.(answer, index) ?? answer;
  };
}

const options = { partSize };
const lost = (answer: WireAnswer, index: number): WireAnswer =>
  index === 0 ? { status: 0, unanswered: true } : answer;

describe('a server that keeps no checksums', () => {
  test('Complete without an ETag: the object says under which key it stands', async () => {
    const { client, server } = await faulty(keepsNoChecksums());
    const result = await putFile(client, content, options);
    expect(result).toMatchObject({ proof: 'MD5', size: content.length, etag: expect.stringMatching(/-4"$/) });
    expect(server.requests.filter(({ method }) => method === 'HEAD')).toHaveLength(1);
    const complete = server.requests.find(({ method, body }) => method === 'POST' && body.length > 0);
    expect(complete?.body.toString()).not.toContain('Checksum');
  });

  test('the answer to Complete is lost: the ETag of its parts tells that the object is ours', async () => {
    const { client } = await faulty(keepsNoChecksums({ complete: lost }));
    expect(await putFile(client, content, options)).toMatchObject({ proof: 'MD5' });
  });

  test.each<[string, (answer: WireAnswer) => WireAnswer]>([
    ['another ETag', (answer) => ({ ...answer, headers: { ...answer.headers, etag: '"x-4"' } })],
    ['another size', (answer) => ({ ...answer, headers: { ...answer.headers, 'content-length': '7' } })],
    [
      'no echo',
      ({ status, headers }) => ({
        status,
        headers: { etag: headers?.['etag'] ?? '', 'content-length': headers?.['content-length'] ?? '' },
      }),
    ],
    ['no answer', () => ({ status: 403 })],
  ])('the answer to Complete is lost, and the object has %s: it is not ours', async (_name, head) => {
    const { client } = await faulty(keepsNoChecksums({ complete: lost, head }));
    const error = await rejected(putFile(client, content, options));
    expect(error.code).toBe('OBJECT_NOT_FOUND');
  });

  test('the object has no echo: the key was not used', async () => {
    const head = ({ status, headers }: WireAnswer): WireAnswer => ({
      status,
      headers: { etag: headers?.['etag'] ?? '', 'content-length': headers?.['content-length'] ?? '' },
    });
    const { client } = await faulty(keepsNoChecksums({ head }));
    expect((await rejected(putFile(client, content, options))).code).toBe('KEY_IGNORED');
  });

  test('what may be written and not read: Create said under which key', async () => {
    const { client } = await faulty(keepsNoChecksums({ head: () => ({ status: 403 }) }));
    expect(await putFile(client, content, options)).toMatchObject({ proof: 'create-echo', etag: undefined });
  });
});
