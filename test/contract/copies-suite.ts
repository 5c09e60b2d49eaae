import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keyHeaders, type RawAnswer, send } from '../support/signed-request.ts';
import type { ContractServer } from './contract-server.ts';

type Headers = Readonly<Record<string, string>>;

const MD5 = 'x-amz-server-side-encryption-customer-key-md5';
const key = keyHeaders(randomBytes(32));
const otherKey = keyHeaders(randomBytes(32));
const none: Headers = {};
const small = randomBytes(1000);
/** Two parts, of which the first has the least size that S3 takes. */
const firstBytes = 5 * 1024 ** 2;
const large = randomBytes(firstBytes + 1013);

/** The headers that open the source of a copy. */
const ofSource = (headers: Headers): Headers =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^x-amz-/, 'x-amz-copy-source-'), value]),
  );

/** What a copy came to: what was answered, and what then opens the target. */
interface Outcome {
  readonly status: number;
  readonly code?: string;
  /** Whether the answer named the target's key. */
  readonly echo?: boolean;
  readonly opens?: 'plain' | 'key' | 'other key';
}

/** By CopyObject, the last with new metadata; `parts` is by UploadPartCopy, elsewhere or in place. */
type Way = 'elsewhere' | 'in place' | 'in place, with new metadata' | 'parts';

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly source: Headers;
  readonly target: Headers;
  readonly aws: Outcome;
  /** What Ceph RGW 16.2.15 did. */
  readonly rgw: Readonly<Record<Way, Outcome>>;
}

const opened = (opens: NonNullable<Outcome['opens']>, echo: boolean): Outcome => ({
  status: 200,
  echo,
  opens,
});
/** It copies nothing that is encrypted. */
const notImplemented: Outcome = { status: 501, code: 'NotImplemented' };
/** It does not count another key as a change. */
const noChange: Outcome = { status: 400, code: 'InvalidRequest' };
/** It opens the source of a part with the target's key, whatever the source's headers say. */
const wrongKey: Outcome = { status: 400, code: 'InvalidArgument' };

const pairs: readonly Pair[] = [
  {
    from: 'plain',
    to: 'a key',
    source: none,
    target: key,
    aws: opened('key', true),
    rgw: {
      // the target's key is passed over
      elsewhere: opened('plain', false),
      'in place': noChange,
      'in place, with new metadata': opened('plain', false),
      parts: opened('key', false),
    },
  },
  {
    from: 'a key',
    to: 'the same key',
    source: key,
    target: key,
    aws: opened('key', true),
    rgw: {
      elsewhere: notImplemented,
      'in place': noChange,
      'in place, with new metadata': notImplemented,
      parts: opened('key', false),
    },
  },
  {
    from: 'a key',
    to: 'another key',
    source: key,
    target: otherKey,
    aws: opened('other key', true),
    rgw: {
      elsewhere: notImplemented,
      'in place': noChange,
      'in place, with new metadata': notImplemented,
      parts: wrongKey,
    },
  },
  {
    from: 'a key',
    to: 'plain',
    source: key,
    target: none,
    aws: opened('plain', false),
    rgw: {
      elsewhere: notImplemented,
      'in place': noChange,
      'in place, with new metadata': notImplemented,
      parts: wrongKey,
    },
  },
];

/** What S3 answers to copies between keys. Part of `contractSuite`. */
export function copiesSuite(name: ContractServer['name'], open: () => ContractServer): void {
  const isRgw = name === 'rgw';
  const request = (
    method: string,
    object: string,
    headers: Headers = none,
    { body, query }: { readonly body?: Buffer; readonly query?: string } = {},
  ): Promise<RawAnswer> => {
    const server = open();
    return send(server, {
      method,
      bucket: server.bucket,
      key: `${server.prefix}copies/${object}`,
      headers,
      ...(body === undefined ? {} : { body }),
      ...(query === undefined ? {} : { query }),
    });
  };
  const from = (object: string, headers: Headers): Headers => ({
    'x-amz-copy-source': `${open().bucket}/${open().prefix}copies/${object}`,
    ...ofSource(headers),
  });

  async function outcomeOf(
    answer: RawAnswer,
    object: string,
    target: Headers,
    content: Buffer,
  ): Promise<Outcome> {
    const { status, code } = answer;
    if (status !== 200) return { status, ...(code === undefined ? {} : { code }) };
    const echo = target !== none && answer.headers[MD5] === target[MD5];
    const opens: Outcome['opens'][] = [];
    for (const [what, headers] of [
      ['plain', none],
      ['key', key],
      ['other key', otherKey],
    ] as const) {
      const read = await request('GET', object, headers);
      // RGW passes over a key where none is needed: it then names none
      const isOpen = read.status === 200 && read.headers[MD5] === headers[MD5];
      if (isOpen && read.body.equals(content)) opens.push(what);
    }
    const [one, ...more] = opens;
    if (one === undefined || more.length > 0) throw new Error(`it is opened by ${opens.join(' and ')}`);
    return { status, echo, opens: one };
  }

  const rows = pairs.map((pair) => [pair.from, pair.to, pair] as const);
  const expected = ({ aws, rgw }: Pair, way: Way): Outcome => (isRgw ? rgw[way] : aws);

  describe.for(['elsewhere', 'in place', 'in place, with new metadata'] as const)('copies %s', (way) => {
    test.for(rows)('from %s to %s', async ([, , pair]) => {
      const { source, target } = pair;
      const object = `${pair.from} to ${pair.to} ${way}`;
      expect((await request('PUT', object, source, { body: small })).status).toBe(200);
      const into = way === 'elsewhere' ? `${object}, copied` : object;
      const answer = await request('PUT', into, {
        ...from(object, source),
        ...target,
        ...(way === 'in place, with new metadata' ? { 'x-amz-metadata-directive': 'REPLACE' } : {}),
      });
      expect(await outcomeOf(answer, into, target, small)).toEqual(expected(pair, way));
      if (answer.status === 200 && into === object) return;
      expect((await request('GET', object, source)).body.equals(small)).toBe(true);
    });
  });

  describe.for(['elsewhere', 'in place'] as const)('copies in parts %s', (place) => {
    test.for(rows)('from %s to %s', async ([, , pair]) => {
      const { source, target } = pair;
      const object = `${pair.from} to ${pair.to} in parts ${place}`;
      expect((await request('PUT', object, source, { body: large })).status).toBe(200);
      const into = place === 'in place' ? object : `${object}, copied`;
      const created = await request('POST', into, target, { query: 'uploads=' });
      const query = `uploadId=${encodeURIComponent(element(created, 'UploadId'))}`;
      const parts: string[] = [];
      let answer = created;
      for (const range of [`0-${firstBytes - 1}`, `${firstBytes}-${large.length - 1}`]) {
        const headers = { ...from(object, source), 'x-amz-copy-source-range': `bytes=${range}`, ...target };
        const number = parts.length + 1;
        answer = await request('PUT', into, headers, { query: `partNumber=${number}&${query}` });
        if (answer.status !== 200) break;
        const etag = element(answer, 'ETag');
        parts.push(`<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
      }
      if (answer.status === 200) {
        const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
        expect((await request('POST', into, target, { query, body })).status).toBe(200);
      } else await request('DELETE', into, none, { query });
      expect(await outcomeOf(answer, into, target, large)).toEqual(expected(pair, 'parts'));
    });
  });

  describe('a copy that is refused', () => {
    const body = Buffer.from('refused');
    const copy = (source: string, headers: Headers): Promise<RawAnswer> =>
      request('PUT', 'refused copy', { ...from(source, none), ...headers });

    test('leaves nothing', async () => {
      expect((await request('PUT', 'refused', key, { body })).status).toBe(200);
      expect((await request('PUT', 'refused plain', none, { body })).status).toBe(200);
      const wrongMd5 = { ...ofSource(key), [`x-amz-copy-source-${MD5.slice(6)}`]: otherKey[MD5] ?? '' };
      for (const [source, headers, code] of [
        ['refused', key, 'InvalidRequest'],
        ['refused', { ...ofSource(otherKey), ...key }, 'InvalidRequest'],
        ['refused', { ...wrongMd5, ...key }, 'InvalidArgument'],
      ] as const) {
        // RGW refuses any copy of what is encrypted
        expect(await copy(source, headers)).toMatchObject(isRgw ? notImplemented : { status: 400, code });
        expect((await request('HEAD', 'refused copy')).status).toBe(404);
      }
    });

    test('an object onto itself without a change', async () => {
      await request('PUT', 'itself', none, { body });
      const answer = await request('PUT', 'itself', from('itself', none));
      expect(answer).toMatchObject({ status: 400, code: 'InvalidRequest' });
    });

    test('a source that is not there', async () => {
      expect(await copy('nothing', key)).toMatchObject({ status: 404, code: 'NoSuchKey' });
    });
  });
}

function element(answer: RawAnswer, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(answer.body.toString())?.[1] ?? '';
}
