import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { RawUpload } from './support/multipart.ts';
import { send, sseC } from './support/raw-request.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';

const running = runningSandbox();
const key = randomBytes(32);
const all = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, value]) => value);

test('parts are listed by number, in pages', async () => {
  const one = new RawUpload(running(), 'listed');
  await one.create({ ...sseC(key), 'x-amz-storage-class': 'STANDARD_IA' });
  for (const number of [20, 3, 1]) await one.part(number, 'x'.repeat(number), sseC(key));
  const listed = await one.list();
  expect(listed.status).toBe(200);
  expect(Object.keys(listed.headers).join()).not.toContain('server-side-encryption');
  expect(all(listed.text, 'PartNumber')).toEqual(['1', '3', '20']);
  expect(all(listed.text, 'Size')).toEqual(['1', '3', '20']);
  expect(all(listed.text, 'ETag')).toEqual(
    [1, 3, 20].map((number) => `&quot;${one.etags.get(number)}&quot;`),
  );
  expect([listed.xml('IsTruncated'), listed.xml('StorageClass')]).toEqual(['false', 'STANDARD_IA']);
  const page = await one.list({}, '&max-parts=1&part-number-marker=1');
  expect(all(page.text, 'PartNumber')).toEqual(['3']);
  expect([page.xml('IsTruncated'), page.xml('NextPartNumberMarker'), page.xml('MaxParts')]).toEqual([
    'true',
    '3',
    '1',
  ]);
  expect((await one.list({}, '&max-parts=x')).xml('Code')).toBe('InvalidArgument');
  expect((await one.list(sseC(randomBytes(32)))).status).toBe(400);
});

test('uploads are listed by key and age, in pages', async () => {
  const names = ['l/b', 'l/a/1', 'l/a/2', 'l/b', 'l/ä &'];
  const uploads: RawUpload[] = [];
  for (const name of names) {
    const one = new RawUpload(running(), encodeURI(name));
    await one.create(sseC(key));
    uploads.push(one);
  }
  const list = (query: string) => send(running(), { method: 'GET', path: `/${bucket}?uploads=&${query}` });
  const whole = await list('prefix=l%2F&encoding-type=url');
  expect(all(whole.text, 'Key')).toEqual(['l/a/1', 'l/a/2', 'l/b', 'l/b', 'l/%C3%A4+%26']);
  expect(new Set(all(whole.text, 'UploadId').slice(2, 4))).toEqual(
    new Set([uploads[0]?.uploadId, uploads[3]?.uploadId]),
  );
  const rolled = await list('prefix=l%2F&delimiter=%2F');
  expect(all(rolled.text, 'Key')).toEqual(['l/b', 'l/b', 'l/ä &amp;']);
  expect(rolled.text).toContain('<CommonPrefixes><Prefix>l/a/</Prefix></CommonPrefixes>');

  for (const delimiter of ['', '&delimiter=%2F']) {
    const found: (string | undefined)[] = [];
    let marker = '';
    for (let pages = 0; pages < 9; pages += 1) {
      const page = await list(`prefix=l%2F&max-uploads=1${delimiter}${marker}`);
      found.push(...all(page.text, 'UploadId'));
      if (page.xml('IsTruncated') === 'false') break;
      const next = encodeURIComponent(page.xml('NextKeyMarker') ?? '');
      marker = `&key-marker=${next}&upload-id-marker=${page.xml('NextUploadIdMarker') ?? ''}`;
    }
    expect(found).toHaveLength(delimiter === '' ? 5 : 3);
    expect(new Set(found).size).toBe(found.length);
  }
  for (const one of uploads) await one.abort();
  expect(all((await list('prefix=l%2F')).text, 'Key')).toEqual([]);
});
