import type { IncomingMessage, ServerResponse } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { KEY, environmentFor } from './world.ts';

vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

const freshFolder = temporaryFolders('other-servers');
const page = '<!DOCTYPE html><html><head><title>Welcome</title></head><body>\u001b[31mhello</body></html>';

type Answer = (request: IncomingMessage) => {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

const html =
  (status: number, headers: Readonly<Record<string, string>> = {}): Answer =>
  () => ({ status, headers: { 'content-type': 'text/html', ...headers }, body: page });

/** Runs a command against a server that answers everything so; what it said, with the endpoint named. */
async function ask(answer: Answer, ...argv: string[]) {
  const server = await startTlsServer((request, response: ServerResponse) => {
    request.resume().on('end', () => {
      const { status, headers, body } = answer(request);
      response.writeHead(status, headers);
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  onTestFinished(() => server.close());
  const cwd = freshFolder();
  writeFileSync(join(cwd, 'data'), 'hello');
  writeFileSync(join(cwd, 'ca.pem'), server.caPem);
  const result = await runCli(argv, {
    cwd,
    env: environmentFor(server.endpoint),
  });
  return { ...result, lines: result.stderr.replaceAll(server.endpoint, '{endpoint}').trimEnd().split('\n') };
}

const put = ['put', 'data'];
const get = ['get', 'there', '-o', 'copy'];

describe('a web server that is no S3', () => {
  test.each([
    [put],
    [get],
    [['put', 'data', '--no-overwrite']],
    [['bucket', 'show']],
    [['bucket', 'allow-sse-c']],
    [['uploads']],
  ])('%j is no success', async (argv) => {
    const { code, lines } = await ask(html(200), ...argv);
    expect(lines).toEqual([
      'ssec: {endpoint} is no S3 server: it answered with a web page.',
      'hint: look at the endpoint: --endpoint-url, AWS_ENDPOINT_URL_S3',
    ]);
    expect(code).toBe(2);
  });

  test('a file of one that takes no puts', async () => {
    const { code, lines } = await ask(html(405), ...put);
    expect(lines[0]).toBe('ssec: {endpoint} is no S3 server: it answered with a web page.');
    expect(code).toBe(2);
  });

  test('the doctor says the same', async () => {
    const { code, stdout } = await ask(html(200), 'doctor');
    expect(stdout).toMatch(
      /^failure {2}https:\/\/127\.0\.0\.1:\d+ is no S3 server: it answered with a web page\.$/m,
    );
    expect(code).toBe(2);
  });

  test('a web page that is an object is one', async () => {
    const { code } = await ask(html(200, { etag: '"1"' }), ...get);
    expect(code).toBe(6);
  });

  test.each([[put], [get]])('%j of one that knows no such page', async (argv) => {
    const { code, lines } = await ask(html(404), ...argv);
    expect(lines[0]).toBe('ssec: {endpoint} is no S3 server: it answered with a web page.');
    expect(code).toBe(2);
  });
});

describe("a provider's error page: the status is told, and nothing of the page", () => {
  test.each([
    [403, put, 4, 'ssec: You may not do PutObject on s3://my-bucket/data.'],
    [
      403,
      get,
      4,
      'ssec: You may not read s3://my-bucket/there (or it does not exist: S3 hides that from whoever lacks s3:ListBucket).',
    ],
    [503, [...put, '--max-attempts', '1'], 9, 'ssec: The server failed (HTTP 503) on all 1 tries.'],
    [502, [...get, '--max-attempts', '1'], 9, 'ssec: The server failed (HTTP 502) on all 1 tries.'],
  ] as const)('%d: %s', async (status, argv, exit, sentence) => {
    const { code, lines, stderr } = await ask(html(status), ...argv);
    expect(lines[0]).toBe(sentence);
    expect(stderr).not.toMatch(/hello|Welcome|DOCTYPE/);
    expect(code).toBe(exit);
  });
});

describe('a redirect is not followed with a key', () => {
  test.each([
    [301, 'http://elsewhere.invalid/'],
    [307, 'https://elsewhere.invalid/data'],
    [302, 'https://elsewhere.invalid/data'],
  ])('%d to %s', async (status, location) => {
    const { code, lines } = await ask(html(status, { location }), ...put);
    expect(lines.slice(0, 2)).toEqual([
      `ssec: The server wants s3://my-bucket/data to be asked for elsewhere (HTTP ${status}); a redirect is never followed with a key.`,
      'hint: set the region or the endpoint of the bucket',
    ]);
    expect(code).toBe(2);
  });
});

test('what a server says is cleaned of the key and of escape sequences', async () => {
  const { lines, stderr } = await ask(
    ({ headers }) => ({
      status: 418,
      body: `<Error><Code>Teapot</Code><Message>\u001b]0;title\u0007 ${String(headers['x-amz-server-side-encryption-customer-key'])}</Message></Error>`,
    }),
    ...put,
  );
  expect(lines[0]).toBe('ssec: S3 refused PutObject of s3://my-bucket/data with HTTP 418 Teapot.');
  expect(lines[1]).toContain('\\u{1b}]0;title');
  expect(stderr).toContain('[secret]');
  expect(stderr).not.toContain(KEY);
  // oxlint-disable-next-line no-control-regex
  expect(stderr).not.toMatch(/[\u0007\u001b]/);
});

test('a delete marker: the object is not there', async () => {
  const { code, lines } = await ask(
    () => ({
      status: 404,
      headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': 'v1' },
      body: '<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>',
    }),
    ...get,
  );
  expect(lines).toEqual([
    'ssec: There is no object s3://my-bucket/there: it was deleted, and a delete marker stands in its place.',
    'hint: a version from before opens by its id: --version-id ID',
  ]);
  expect(code).toBe(5);
});

test('a region that stays wrong', async () => {
  const { code, lines } = await ask(
    () => ({
      status: 400,
      body: '<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting eu-west-1</Message><Region>eu-west-1</Region></Error>',
    }),
    ...put,
  );
  expect(lines[0]).toBe('ssec: The bucket "my-bucket" is not in the region that was asked.');
  expect(code).toBe(2);
});

describe('a listing without an end', () => {
  const versions = (next: string): string =>
    `<ListVersionsResult><IsTruncated>true</IsTruncated>${next}<Version><Key>a</Key><VersionId>1</VersionId><Size>1</Size></Version></ListVersionsResult>`;
  const objects = (next: string): string =>
    `<ListBucketResult><IsTruncated>true</IsTruncated>${next}<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>`;

  test.each([
    ['the same token', ['ls'], objects('<NextContinuationToken>again</NextContinuationToken>')],
    ['no token', ['ls', '-r'], objects('')],
    ['the same marker', ['ls', '--versions'], versions('<NextKeyMarker>a</NextKeyMarker>')],
    ['no marker', ['ls', '--versions'], versions('')],
  ])('%s', async (_, argv, body) => {
    const { code, lines, stdout } = await ask(() => ({ status: 200, body }), ...argv);
    expect(lines).toEqual([
      'ssec: The listing of "my-bucket" cannot be read to its end: the server repeats a page that it gave before.',
      'hint: what was listed is not all there is; list under a longer prefix',
    ]);
    expect(code).toBe(4);
    // all of them are there, and each once for each time that it was given
    expect(stdout.split('\n').filter((line) => line.endsWith('  a')).length).toBeLessThan(5);
  });

  test('nothing to go on with', async () => {
    const body = '<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>';
    const { lines } = await ask(() => ({ status: 200, body }), 'ls');
    expect(lines[0]).toMatch(/: the server says that there is more, and not where it begins\.$/);
  });
});
