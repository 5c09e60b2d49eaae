import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { crc32Base64, updateCrc32 } from '../../src/transfer/checksum.ts';
import type { WireAnswer, WireRequest } from '../support/wire-server.ts';
import { echoOf, s3Error } from '../support/wire-server.ts';
import { rejected } from '../unit/support/thrown.ts';
import { faulty, putFile } from './support.ts';

const small = randomBytes(1000);
const large = Buffer.alloc(20 * 1024 ** 2, 'x');
const created = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>';
const completed = '<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>';

const isCreate = ({ method, path }: WireRequest): boolean => method === 'POST' && path.includes('?uploads');

/** A server with versions; `head` is what it says of the object afterwards. */
function versioned(head: (request: WireRequest) => WireAnswer) {
  return (request: WireRequest): WireAnswer => {
    const echo = echoOf(request);
    if (request.method === 'HEAD') return head(request);
    if (request.method === 'DELETE') return { status: 204 };
    if (isCreate(request)) return { status: 200, headers: echo, body: created };
    if (request.method === 'POST')
      return { status: 200, headers: { 'x-amz-version-id': 'v7' }, body: completed };
    return { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"', ...echo } };
  };
}

describe('what a failed write left behind', () => {
  test('other bytes than were sent are taken away by the version of our write', async () => {
    const { server, client } = await faulty((request) =>
      request.method === 'PUT'
        ? {
            status: 200,
            headers: { ...echoOf(request), 'x-amz-version-id': 'v7', 'x-amz-checksum-crc32': 'AAAAAA==' },
          }
        : { status: 204 },
    );
    const error = await rejected(putFile(client, small));
    expect(error.code).toBe('CHECKSUM_MISMATCH');
    expect(error.hints[0]).toBe('the damaged version v7 was deleted again');
    expect(server.requests.at(-1)?.path).toContain('versionId=v7');
  });

  test('the look after Complete is at the version of our write, and not at what came since', async () => {
    const { server, client } = await faulty(
      versioned((request) =>
        request.path.includes('versionId=v7')
          ? { status: 200, headers: { ...echoOf(request), 'content-length': String(large.length) } }
          : { status: 200, headers: { 'content-length': '3' } },
      ),
    );
    expect(await putFile(client, large)).toMatchObject({ versionId: 'v7', size: large.length });
    expect(server.requests.some(({ method }) => method === 'DELETE')).toBe(false);
  });

  test('a composite checksum of the parts is no checksum of the whole', async () => {
    const { client } = await faulty(
      versioned((request) => ({
        status: 200,
        headers: {
          ...echoOf(request),
          'content-length': String(large.length),
          'x-amz-checksum-crc32': `${crc32Base64(updateCrc32(0, small))}-3`,
        },
      })),
    );
    expect((await putFile(client, large)).proof).toBe('MD5');
  });
});

describe('a look before an upload that must not replace anything', () => {
  const expired = s3Error(400, 'ExpiredToken');

  test('expired credentials are not taken for an object that is there', async () => {
    const { client } = await faulty(() => expired);
    const error = await rejected(putFile(client, large, { noOverwrite: true }));
    expect(error.code).toBe('CREDENTIALS_EXPIRED');
  });

  test('an object under another key is there', async () => {
    const { client } = await faulty(() => s3Error(400, 'InvalidArgument'));
    expect((await rejected(putFile(client, large, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
  });

  test('whoever may not look is judged by the condition on the write', async () => {
    const { server, client } = await faulty((request) => {
      if (request.method === 'HEAD') return s3Error(403, 'AccessDenied');
      if (isCreate(request)) return { status: 200, headers: echoOf(request), body: created };
      if (request.method === 'POST') return s3Error(412, 'PreconditionFailed');
      return { status: 200, headers: { etag: '"0123456789abcdef0123456789abcdef"', ...echoOf(request) } };
    });
    expect((await rejected(putFile(client, large, { noOverwrite: true }))).code).toBe('TARGET_EXISTS');
    expect(server.requests.find(({ headers }) => headers['if-none-match'] !== undefined)?.method).toBe(
      'POST',
    );
  });
});
