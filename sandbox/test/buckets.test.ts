import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { checkServerIdentity, connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { send } from './support/raw-request.ts';
import { bucket, runningSandbox, withSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();

const request = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  send(running(), { method, path, headers, ...(body === undefined ? {} : { body }) });
const md5 = (body: string) => ({ 'content-md5': createHash('md5').update(body).digest('base64') });

test('create, head, locate, list, delete', async () => {
  expect((await request('PUT', '/made-here')).status).toBe(200);
  expect((await request('PUT', '/made-here')).status).toBe(200);
  const head = await request('HEAD', '/made-here');
  expect([head.status, head.headers['x-amz-bucket-region']]).toEqual([200, 'us-east-1']);
  expect((await request('GET', '/made-here?location')).text).toContain('></LocationConstraint>');
  const first = await request('GET', '/?max-buckets=1');
  expect(first.text).toContain('<Name>made-here</Name>');
  const token = first.xml('ContinuationToken') ?? '';
  const last = await request('GET', `/?continuation-token=${token}`);
  expect([last.xml('Name'), last.xml('ContinuationToken')]).toEqual([bucket, undefined]);
  await request('PUT', '/made-here/a', 'x');
  const full = await request('DELETE', '/made-here');
  expect([full.status, full.xml('Code')]).toEqual([409, 'BucketNotEmpty']);
  await request('DELETE', '/made-here/a');
  expect((await request('DELETE', '/made-here')).status).toBe(204);
  expect((await request('HEAD', '/made-here')).status).toBe(404);
});

test('in another region', async () => {
  const body =
    '<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-north-1</LocationConstraint></CreateBucketConfiguration>';
  expect((await request('PUT', '/far-away', body)).status).toBe(200);
  const again = await request('PUT', '/far-away', body);
  expect([again.status, again.xml('Code')]).toEqual([409, 'BucketAlreadyOwnedByYou']);
  const wrong = await request('PUT', '/nowhere', body.replace('eu-north-1', 'moon'));
  expect([wrong.status, wrong.xml('Code')]).toEqual([400, 'InvalidLocationConstraint']);
});

test.each(['ab', 'Upper', 'a..b', '10.0.0.1', '-ab', 'x--x-s3', 'under_score'])(
  '%s is no name',
  async (name) => {
    const answer = await request('PUT', `/${name}`);
    expect([answer.status, answer.xml('Code')]).toEqual([400, 'InvalidBucketName']);
  },
);

test.each(['s3.localhost', 'localhost'])('a bucket may stand before %s', async (base) => {
  const host = { host: `${bucket}.${base}:${running().port}` };
  expect((await request('PUT', '/some/key', 'virtual', host)).status).toBe(200);
  expect((await request('GET', `/${bucket}/some/key`)).text).toBe('virtual');
  expect((await request('GET', '/?list-type=2', undefined, host)).text).toContain('<Key>some/key</Key>');
});

test('s3.localhost itself is the service', async () => {
  const host = { host: `s3.localhost:${running().port}` };
  expect((await request('GET', `/${bucket}?list-type=2`, undefined, host)).text).toContain(
    '<ListBucketResult',
  );
});

test.each(['localhost', '127.0.0.1', 's3.localhost', `${bucket}.s3.localhost`])(
  'the certificate holds for %s',
  async (name) => {
    const { caPem, port } = running();
    const socket = connect({ host: '127.0.0.1', port, ca: caPem, checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    expect(checkServerIdentity(name, socket.getPeerCertificate())).toBeUndefined();
    socket.destroy();
  },
);

describe('bucket encryption', () => {
  const rule = (inside: string) =>
    `<?xml version="1.0"?><ServerSideEncryptionConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>${inside}</Rule></ServerSideEncryptionConfiguration>`;
  const byDefault = (inside: string) =>
    `<ApplyServerSideEncryptionByDefault>${inside}</ApplyServerSideEncryptionByDefault>`;
  const blocked = (type: string) =>
    `<BlockedEncryptionTypes><EncryptionType>${type}</EncryptionType></BlockedEncryptionTypes>`;
  const aes = byDefault('<SSEAlgorithm>AES256</SSEAlgorithm>');
  const path = `/${bucket}?encryption`;
  const put = (body: string) => request('PUT', path, body, md5(body));

  test('of a bucket that nobody configured', async () => {
    const { text } = await request('GET', path);
    expect(text).toContain(`<Rule>${aes}<BucketKeyEnabled>false</BucketKeyEnabled></Rule>`);
  });

  test('of a bucket that blocks SSE-C from the start', () =>
    withSandbox({ blockSseC: true }, async (sandbox) => {
      expect((await send(sandbox, { method: 'GET', path })).text).toContain(blocked('SSE-C'));
      await sandbox.createBucket('open-bucket', { blockSseC: false });
      const open = await send(sandbox, { method: 'GET', path: '/open-bucket?encryption' });
      expect(open.text).not.toContain('Blocked');
    }));

  test('a configuration without the element keeps the block', async () => {
    const kms = `${byDefault('<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>')}`;
    expect((await put(rule(`${kms}${blocked('SSE-C')}`))).status).toBe(200);
    expect((await put(rule(`${kms}<BucketKeyEnabled>true</BucketKeyEnabled>`))).status).toBe(200);
    const { text } = await request('GET', path);
    expect(text).toContain(`${kms}${blocked('SSE-C')}<BucketKeyEnabled>true</BucketKeyEnabled>`);
    const plain = await request('PUT', `/${bucket}/kms`, 'x');
    expect([plain.status, plain.xml('Code')]).toEqual([501, 'NotImplemented']);
    expect((await put(rule(`${aes}${blocked('NONE')}`))).status).toBe(200);
    expect((await request('GET', path)).text).not.toContain('SSE-C');
    expect((await request('DELETE', path)).status).toBe(204);
  });

  test.each([
    ['no rule', rule('').replace('<Rule></Rule>', '')],
    ['an empty rule', rule('')],
    ['two rules', rule(`${aes}</Rule><Rule>${aes}`)],
    ['an unknown element', rule(`${aes}<Other/>`)],
    ['an unknown type', rule(blocked('SSE-X'))],
    ['an unknown algorithm', rule(byDefault('<SSEAlgorithm>SSE-C</SSEAlgorithm>'))],
    ['half a document', rule(aes).slice(0, -5)],
    ['no document', ''],
  ])('%s is MalformedXML', async (_, body) => {
    const answer = await put(body);
    expect([answer.status, answer.xml('Code')]).toEqual([400, 'MalformedXML']);
  });

  test('needs a digest, and a right one', async () => {
    const body = rule(aes);
    expect((await request('PUT', path, body)).xml('Code')).toBe('InvalidRequest');
    expect((await request('PUT', path, body, md5('other'))).xml('Code')).toBe('BadDigest');
    const mixed = rule(byDefault('<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>'));
    expect((await put(mixed)).xml('Code')).toBe('InvalidArgument');
  });
});

describe('listing', () => {
  const listing = '/listing-bucket';
  const names = ['a', 'b/1', 'b/2', 'c/x/1', 'c/y', 'd', 'e&<>"'];

  async function fill(): Promise<void> {
    await running().createBucket('listing-bucket');
    for (const name of names) await request('PUT', `${listing}/${encodeURIComponent(name)}`, name);
  }

  function entries(text: string): string[] {
    const found = text.matchAll(/<Contents><Key>([^<]*)|<CommonPrefixes><Prefix>([^<]*)/g);
    return [...found].map(([, key, prefix]) => decodeURIComponent(key ?? prefix ?? ''));
  }

  test('prefix, delimiter, start-after, and every page size gives the same entries', async () => {
    await fill();
    const list = async (query: string) =>
      entries((await request('GET', `${listing}?list-type=2&encoding-type=url${query}`)).text);
    expect(await list('')).toEqual(names);
    expect(await list('&prefix=b%2F')).toEqual(['b/1', 'b/2']);
    expect(await list('&start-after=b%2F1')).toEqual(names.slice(2));
    expect(await list('&delimiter=%2F')).toEqual(['a', 'd', 'e&<>"', 'b/', 'c/']);
    expect(await list('&delimiter=%2F&prefix=c%2F')).toEqual(['c/y', 'c/x/']);
    expect(await list('&max-keys=0')).toEqual([]);

    for (const version of ['2', '1']) {
      for (const delimiter of ['', '&delimiter=%2F']) {
        const all: string[] = [];
        let next: string | undefined = '';
        while (next !== undefined) {
          const query = `${version === '2' ? 'list-type=2&' : ''}encoding-type=url&max-keys=1${delimiter}${next}`;
          const page = await request('GET', `${listing}?${query}`);
          const found = entries(page.text);
          all.push(...found);
          const token = page.xml('NextContinuationToken');
          const marker = page.xml('NextMarker') ?? encodeURIComponent(found[0] ?? '');
          const isTruncated = page.xml('IsTruncated') === 'true';
          next = isTruncated
            ? version === '2'
              ? `&continuation-token=${token}`
              : `&marker=${marker}`
            : undefined;
        }
        const expected = delimiter === '' ? names : ['a', 'b/', 'c/', 'd', 'e&<>"'];
        expect([version, delimiter, all]).toEqual([version, delimiter, expected]);
      }
    }
    const plain = await request('GET', `${listing}?list-type=2`);
    expect(plain.text).toContain('<Key>e&amp;&lt;&gt;&quot;</Key>');
    const odd = await request('GET', `${listing}?list-type=2&max-keys=x`);
    expect([odd.status, odd.xml('ArgumentName')]).toEqual([400, 'max-keys']);
  });
});
