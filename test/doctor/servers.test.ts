import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { KEY, environmentFor } from '../errors/world.ts';
import { hideMachineCredentials } from '../support/machine-credentials.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { startTlsServer } from '../support/tls-server.ts';

hideMachineCredentials();

const freshFolder = temporaryFolders('doctor-servers');
const SSE_C = 'x-amz-server-side-encryption-customer';

/** What a server gets wrong, or does. */
interface Ways {
  /** It takes the key, echoes it, and shows the object to everybody. */
  readonly storesPlain?: boolean;
  readonly altersBytes?: boolean;
  readonly ignoresConditions?: boolean;
  readonly copies?: boolean;
}

interface Stored {
  readonly body: Buffer;
  readonly keyMd5: string;
}

/** A server that does as much of S3 as the doctor asks of objects, in a bucket without versions. */
async function examine(ways: Ways) {
  const objects = new Map<string, Stored>();
  const keys: string[] = [];
  const answer = (request: IncomingMessage, body: Buffer, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', 'https://host');
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const md5 = header(`${SSE_C}-key-md5`);
    const say = (status: number, headers: Record<string, string> = {}, content = ''): void => {
      response.writeHead(status, { 'x-amz-request-id': '1', ...headers });
      response.end(request.method === 'HEAD' ? undefined : content);
    };
    const echo = (value: string): Record<string, string> => ({
      [`${SSE_C}-algorithm`]: 'AES256',
      [`${SSE_C}-key-md5`]: value,
    });
    const key = decodeURIComponent(url.pathname.replace(/^\/my-bucket\/?/, ''));
    if (key === '') {
      if (url.searchParams.has('list-type')) say(200, {}, '<ListBucketResult></ListBucketResult>');
      else say(501, {}, '<Error><Code>NotImplemented</Code></Error>');
      return;
    }
    const stored = objects.get(key);
    if (request.method === 'DELETE') {
      objects.delete(key);
      say(204);
      return;
    }
    if (request.method === 'PUT') {
      const source = header('x-amz-copy-source');
      if (source !== undefined && ways.copies !== true) {
        say(501, {}, '<Error><Code>NotImplemented</Code></Error>');
      } else if (header('if-none-match') === '*' && stored !== undefined && ways.ignoresConditions !== true) {
        say(412, {}, '<Error><Code>PreconditionFailed</Code></Error>');
      } else {
        keys.push(md5 ?? '');
        objects.set(key, { body, keyMd5: md5 ?? '' });
        const result = source === undefined ? '' : '<CopyObjectResult><ETag>"1"</ETag></CopyObjectResult>';
        say(200, { etag: '"1"', ...echo(md5 ?? '') }, result);
      }
      return;
    }
    if (stored === undefined) say(404, {}, '<Error><Code>NoSuchKey</Code></Error>');
    else if (url.searchParams.has('attributes')) say(501, {}, '<Error><Code>NotImplemented</Code></Error>');
    else if (md5 === undefined && ways.storesPlain !== true)
      say(400, {}, '<Error><Code>InvalidRequest</Code></Error>');
    else {
      const content = ways.altersBytes === true ? Buffer.alloc(stored.body.length) : stored.body;
      const head = { etag: '"1"', 'content-length': String(content.length) };
      response.writeHead(200, { ...head, ...(md5 === undefined ? {} : echo(stored.keyMd5)) });
      response.end(request.method === 'HEAD' ? undefined : content);
    }
  };
  const server = await startTlsServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(request, Buffer.concat(chunks), response));
  });
  onTestFinished(() => server.close());
  const cwd = freshFolder();
  writeFileSync(join(cwd, 'ca.pem'), server.caPem);
  const { code, stdout } = await runCli(['doctor', '--json'], { cwd, env: environmentFor(server.endpoint) });
  const findings = stdout
    .trim()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { Check: string; Status: string; Code: string | null; Message: string },
    );
  const of = (check: string): string[] =>
    findings.filter(({ Check }) => Check === check).map(({ Status, Message }) => `${Status}: ${Message}`);
  return { code, findings, of, keys, left: [...objects.keys()] };
}

const LOCKED = 'ok: without the key the server refuses the object: it is encrypted under it';

test('a server that does SSE-C and little else', async () => {
  const { code, of, keys, left } = await examine({});
  expect(of('locked')).toEqual([LOCKED]);
  expect(of('read')).toEqual(['ok: with the key the same bytes came back']);
  expect(of('ability')).toEqual([
    'warning: the server keeps no checksums (x-amz-checksum-*): a download is proved by its size alone',
    'warning: the server does not know GetObjectAttributes',
    'ok: the server refuses a conditional write over an object (--no-overwrite)',
    'warning: the server does not copy between customer keys: an object goes to another key by get and put',
  ]);
  expect(of('delete')).toEqual(['ok: the object was taken away again']);
  expect({ code, left }).toEqual({ code: 0, left: [] });
  // the object is under a key of its own
  expect(keys).toHaveLength(1);
  expect(keys).not.toContain(createHash('md5').update(Buffer.from(KEY, 'base64')).digest('base64'));
});

test('a server that echoes the key and does not use it', async () => {
  const { code, of, findings, left } = await examine({ storesPlain: true });
  expect(of('locked')).toEqual([
    'failure: The server shows the object without the key: it took the key and did not use it.',
  ]);
  expect(findings.find(({ Check }) => Check === 'locked')?.Code).toBe('KEY_IGNORED');
  expect({ code, left }).toEqual({ code: 6, left: [] });
});

test('a server that gives other bytes back', async () => {
  const { code, of, left } = await examine({ altersBytes: true });
  expect(of('read')).toEqual([
    expect.stringMatching(
      /^failure: Other bytes came back from s3:\/\/my-bucket\/ssec-doctor-.* than were put\.$/,
    ),
  ]);
  expect({ code, left }).toEqual({ code: 7, left: [] });
});

test('a server that ignores conditions, and copies between keys', async () => {
  const { code, of, keys, left } = await examine({ ignoresConditions: true, copies: true });
  expect(of('ability')).toEqual(
    expect.arrayContaining([
      'warning: the server ignores conditions on writes: --no-overwrite does not protect there',
      'ok: the server copies from one customer key to another by itself',
    ]),
  );
  expect(new Set(keys).size).toBe(2);
  expect({ code, left }).toEqual({ code: 0, left: [] });
});
