import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HttpResponseReader } from '../../src/transport/http-response-reader.ts';
import { HttpSyntaxError, type ResponseHead } from '../../src/transport/response-head.ts';

interface Answer {
  readonly heads: ResponseHead[];
  readonly body: string;
  readonly ends: number;
  readonly whole: boolean;
}

/** Reads an answer that comes in pieces, and then the end of the connection. */
function readAll(pieces: readonly Buffer[], method = 'GET'): Answer {
  const heads: ResponseHead[] = [];
  const body: Buffer[] = [];
  let ends = 0;
  const reader = new HttpResponseReader(method, {
    onHead: (head) => heads.push(head),
    // the bytes are the reader's again afterwards
    onBody: (bytes) => body.push(Buffer.from(bytes)),
    onEnd: () => ends++,
  });
  for (const piece of pieces) {
    const lent = Buffer.from(piece);
    reader.read(lent);
    lent.fill(0xff);
  }
  const whole = reader.end();
  return { heads, body: Buffer.concat(body).toString('latin1'), ends, whole };
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const read = (text: string, method?: string): Answer => readAll([bytes(text)], method);

/** Cuts a text at the given places. */
function cut(text: string, places: readonly number[]): Buffer[] {
  const all = bytes(text);
  const at = [0, ...places.map((place) => place % (all.length + 1)), all.length].toSorted((a, b) => a - b);
  return at.slice(1).map((end, i) => all.subarray(at[i], end));
}

const token = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,12}$/)
  .filter((name) => !['content-length', 'transfer-encoding', 'connection'].includes(name));
const value = fc.stringMatching(/^(?:[!-~](?:[ -~]{0,20}[!-~])?)?$/);
const fields = fc.array(fc.tuple(token, value), { maxLength: 6 });
const content = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('latin1'));
const places = fc.array(fc.nat(2000), { maxLength: 12 });
const interim = fc.constantFrom(
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n',
);

interface Message {
  readonly text: string;
  readonly status: number;
  readonly body: string;
  readonly fields: [string, string][];
}

const counted: fc.Arbitrary<Message> = fc
  .tuple(fc.integer({ min: 200, max: 599 }), fields, content, interim)
  .filter(([status]) => status !== 204 && status !== 304)
  .map(([status, headers, body, before]) => ({
    text: `${before}HTTP/1.1 ${status} Any\r\n${lines(headers)}Content-Length: ${body.length}\r\n\r\n${body}`,
    status,
    body,
    fields: headers,
  }));

const chunked: fc.Arbitrary<Message> = fc
  .tuple(
    fc.integer({ min: 200, max: 599 }),
    fields,
    fc.array(
      content.filter((chunk) => chunk !== ''),
      { maxLength: 5 },
    ),
    fc.constantFrom('', ';name=value', ' ;x'),
    fc.constantFrom('', 'x-trailer: 1\r\n'),
  )
  .filter(([status]) => status !== 204 && status !== 304)
  .map(([status, headers, chunks, extension, trailer]) => ({
    text: `HTTP/1.1 ${status} \r\n${lines(headers)}transfer-encoding: chunked\r\n\r\n${chunks
      .map((chunk) => `${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`)
      .join('')}0\r\n${trailer}\r\n`,
    status,
    body: chunks.join(''),
    fields: headers,
  }));

function lines(headers: readonly [string, string][]): string {
  return headers.map(([name, text]) => `${name}: ${text}\r\n`).join('');
}

describe('an answer in whatever pieces', () => {
  test.each([
    ['with a length', counted],
    ['in chunks', chunked],
  ])('%s is the same', (_name, messages) => {
    fc.assert(
      fc.property(messages, places, (message, at) => {
        const answer = readAll(cut(message.text, at));
        expect(answer).toMatchObject({ body: message.body, ends: 1, whole: true });
        expect(answer.heads).toHaveLength(1);
        expect(answer.heads[0]).toMatchObject({ status: message.status, keepAlive: true });
        for (const [name, text] of message.fields) {
          expect(answer.heads[0]?.headers[name]?.split(', ')).toEqual(
            expect.arrayContaining(text.split(', ')),
          );
        }
      }),
    );
  });

  test.each([
    ['with a length', counted],
    ['in chunks', chunked],
  ])('%s, cut short, is never whole', (_name, messages) => {
    fc.assert(
      fc.property(messages, fc.nat(5000), places, (message, cutOff, at) => {
        const text = message.text.slice(0, cutOff % message.text.length);
        expect(readAll(cut(text, at)).whole).toBe(false);
      }),
    );
  });

  test('with more behind it, is refused', () => {
    fc.assert(
      fc.property(fc.oneof(counted, chunked), fc.string({ minLength: 1 }), places, (message, more, at) => {
        expect(() => readAll(cut(message.text + more, at))).toThrow(HttpSyntaxError);
      }),
    );
  });

  test('any bytes at all are read or refused, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          content,
          fc.tuple(content, content).map(([a, b]) => `HTTP/1.1 200 ${a}\r\n${b}\r\n\r\n`),
        ),
        places,
        (text, at) => {
          try {
            readAll(cut(text, at));
          } catch (error) {
            if (!(error instanceof HttpSyntaxError)) throw error;
          }
        },
      ),
    );
  });
});

describe('what an answer may be', () => {
  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', ''],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', ''],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', ''],
    ['GET', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nab', 'ab'],
    ['GET', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', ''],
    ['GET', 'HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n<html>', '<html>'],
    ['GET', 'HTTP/1.0 502 Bad Gateway\r\n\r\n<html>', '<html>'],
    ['GET', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n', 'ab'],
  ])('%s %j', (method, text, body) => {
    expect(read(text, method)).toMatchObject({ body, ends: 1, whole: true });
  });

  test.each([
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n'],
    ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/1.1 500 No\r\nConnection: close\r\n\r\n'],
  ])('the last one of its connection: %j', (text) => {
    expect(read(text).heads[0]?.keepAlive).toBe(false);
  });

  test('a header that came twice is joined, whatever its name', () => {
    const { headers } = read(
      'HTTP/1.1 200 OK\r\nA: 1\r\na:2 \r\nconstructor: c\r\n__proto__: p\r\nContent-Length: 0\r\n\r\n',
    ).heads[0] as ResponseHead;
    expect(headers['a']).toBe('1, 2');
    expect(headers['constructor']).toBe('c');
    expect(Object.getOwnPropertyDescriptor(headers, '__proto__')?.value).toBe('p');
  });
});

const OK = 'HTTP/1.1 200 OK\r\n';

describe('what is refused', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
    ['HTTP/2', 'HTTP/2 200\r\n\r\n'],
    ['HTTP/0.9', '<html>'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['two blanks before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['an empty line first', `\r\n${OK}Content-Length: 0\r\n\r\n`],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['a bare LF', `${OK.replace('\r', '')}Content-Length: 0\n\n`],
    ['a bare LF in the middle', `${OK}a: b\nContent-Length: 0\r\n\r\n`],
    ['a bare CR', `${OK}a: b\rc\r\nContent-Length: 0\r\n\r\n`],
    ['a NUL', `${OK}a: b\0\r\nContent-Length: 0\r\n\r\n`],
    ['an escape', `${OK}a: \x1b[31m\r\nContent-Length: 0\r\n\r\n`],
    ['a folded header', `${OK}a: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
    ['a blank before the colon', `${OK}Content-Length : 0\r\n\r\n`],
    ['no colon', `${OK}nonsense\r\nContent-Length: 0\r\n\r\n`],
    ['no name', `${OK}: b\r\nContent-Length: 0\r\n\r\n`],
    ['no length', `${OK}\r\n`],
    ['no length, closing', `${OK}Connection: close\r\n\r\nabc`],
    ['no length in an error that keeps the connection', 'HTTP/1.1 500 No\r\n\r\n'],
    ['two lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['a list of lengths', `${OK}Content-Length: 1, 1\r\n\r\na`],
    ['a negative length', `${OK}Content-Length: -1\r\n\r\n`],
    ['a signed length', `${OK}Content-Length: +1\r\n\r\na`],
    ['a length in hex', `${OK}Content-Length: 0x1\r\n\r\na`],
    ['an empty length', `${OK}Content-Length:\r\n\r\n`],
    ['a length beyond numbers', `${OK}Content-Length: 9999999999999999\r\n\r\n`],
    ['a length and chunks', `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['another coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`],
    ['two codings', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a coding twice', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk without a size', `${OK}Transfer-Encoding: chunked\r\n\r\n\r\n`],
    ['a chunk of a size that is none', `${OK}Transfer-Encoding: chunked\r\n\r\n-1\r\n`],
    ['a chunk beyond numbers', `${OK}Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n`],
    ['a chunk longer than it says', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
    ['a bare LF after a chunk size', `${OK}Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`],
    ['a bare LF after a chunk', `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n`],
    ['a trailer without a name', `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nnonsense\r\n\r\n`],
    ['a body of an answer that has none', 'HTTP/1.1 204 No Content\r\n\r\nab'],
  ])('%s', (_name, text) => {
    for (const pieces of [
      [bytes(text)],
      cut(
        text,
        Array.from(text, (_, i) => i),
      ),
    ]) {
      expect(() => readAll(pieces)).toThrow(
        expect.objectContaining({ name: 'HttpSyntaxError', code: expect.stringMatching(/^HPE_/) }),
      );
    }
  });

  test.each([
    ['headers', (n: number) => `${OK}a: ${'x'.repeat(n)}`],
    ['many headers', (n: number) => OK + 'a: b\r\n'.repeat(n / 6)],
    ['a chunk extension', (n: number) => `${OK}Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(n)}`],
    ['trailers', (n: number) => `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(n / 6)}`],
    ['interim answers', (n: number) => 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(n / 25)],
    [
      'an error page without a length',
      (n: number) => `HTTP/1.1 500 No\r\nConnection: close\r\n\r\n${'x'.repeat(n * 16)}`,
    ],
  ])('%s without an end', (_name, make) => {
    expect(() => read(make(70_000))).toThrow(HttpSyntaxError);
    expect(() => readAll(cut(make(70_000), [1000, 30_000, 60_000, 66_000]))).toThrow(HttpSyntaxError);
  });

  test('the message does not repeat what the server sent', () => {
    for (const text of ['SECRET', `${OK}SECRET\r\n\r\n`, `${OK}Content-Length: SECRET\r\n\r\n`]) {
      expect(() => read(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('SECRET') }),
      );
    }
  });
});
