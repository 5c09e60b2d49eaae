import {
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, readdirSync } from 'node:fs';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { plainClient } from '../support/plain-client.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

const run = promisify(execFile);
const freshFolder = temporaryFolders('rgw-large');
const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));
/** The distribution's own tools, whatever else stands before them on this machine's PATH. */
const PATH = '/usr/bin:/bin';
const MiB = 1024 ** 2;
/** A last part of a few bytes. */
const SIZE = 1024 * MiB + 13;
const PART_BYTES = 16 * MiB;
const RANGE_BYTES = 32 * MiB;
const PARTS = Math.ceil(SIZE / PART_BYTES);
const RANGES = Math.ceil(SIZE / RANGE_BYTES);

interface Line {
  readonly type: string;
  readonly [member: string]: unknown;
}

interface Outcome {
  readonly result: Line | undefined;
  /** What `--verbose` told. */
  readonly requests: readonly Line[];
}

/**
 * 1 GiB in parts, ours and other people's, and what happens when it is cut off. The tests go on from one another:
 * what one has put the next ones read, and room is given back as soon as it can be.
 */
describe('large objects', { timeout: 300_000 }, () => {
  const server = rgwServer();
  const cwd = freshFolder();
  const notes = join(cwd, 'state', 'ssec');
  const customerKey = CustomerKey.generate();
  /** rclone 1.60 takes no other keys. */
  const textKey = randomBytes(16).toString('hex');
  let client: S3Client;
  let bucket: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    client = plainClient(server);
    bucket = await freshBucket(server);
    const { PROFILE: _profile, ...found } = rgwEnvironment(server, bucket);
    env = { ...found, PATH, HOME: cwd, XDG_STATE_HOME: join(cwd, 'state') };
    await writeFile(join(cwd, 'raw.key'), customerKey.toBytes(), { mode: 0o600 });
    await writeFile(join(cwd, 'text.key'), textKey, { mode: 0o600 });
    await writeLarge(join(cwd, 'big'));
  }, 120_000);

  afterAll(() => client.destroy());

  /** The command line as users run it. */
  function start(argv: readonly string[]): ChildProcess {
    const args = [bin, ...argv, '--json', '--verbose'];
    const child = spawn(process.execPath, args, { cwd, env: { ...env, SSEC_KEY_FILE: 'raw.key' } });
    // nobody listens to one that was killed
    child.stdin.on('error', () => undefined);
    return child;
  }

  async function ssec(argv: readonly string[], stdin?: Readable): Promise<Outcome> {
    const child = start(argv);
    const sent =
      child.stdin === null || stdin === undefined
        ? child.stdin?.end()
        : pipeline(stdin, child.stdin).catch(() => undefined);
    const { code, out, err } = await ended(child);
    await sent;
    expect(code, err).toBe(0);
    const requests = linesOf(err).filter(({ type }) => type === 'request');
    return { result: linesOf(out)[0], requests };
  }

  /** Kills it as soon as it has noted that many pieces; returns the numbers of those that it noted. */
  async function killed(argv: readonly string[], pieces: number): Promise<number[]> {
    const child = start(argv);
    child.stdin?.end();
    const end = ended(child);
    while (child.exitCode === null && noted().length < pieces) await new Promise((go) => setTimeout(go, 5));
    child.kill('SIGKILL');
    const { signal, err } = await end;
    expect(signal, `it ended before it could be killed: ${err}`).toBe('SIGKILL');
    return noted();
  }

  /** Numbers of the pieces in the one journal that there is. */
  function noted(): number[] {
    const [name, ...more] = existsSync(notes)
      ? readdirSync(notes).filter((file) => file.endsWith('.jsonl'))
      : [];
    expect(more).toEqual([]);
    if (name === undefined) return [];
    return linesOf(readFileSync(join(notes, name), 'utf8')).flatMap(({ number }) =>
      typeof number === 'number' ? [number] : [],
    );
  }

  async function tool(file: string, ...args: string[]): Promise<string> {
    // rclone 1.60 ends at once where it is set
    const { AWS_CA_BUNDLE: ca, ...rest } = env;
    const theirs = file === 'rclone' ? rest : { ...rest, AWS_CA_BUNDLE: ca };
    return (await run(file, args, { cwd, env: theirs })).stdout.trim();
  }

  const aws = (...args: string[]): Promise<string> =>
    tool('aws', '--endpoint-url', server.endpoint, '--output', 'json', ...args);

  const awsCopy = (from: string, to: string): Promise<string> =>
    aws('s3', 'cp', '--only-show-errors', '--sse-c', 'AES256', '--sse-c-key', 'fileb://raw.key', from, to);

  const boto3 = (call: string): Promise<string> =>
    tool(
      'python3',
      '-c',
      `
import boto3, os
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
key = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=open("raw.key", "rb").read())
${call}
`,
    );

  function rclone(from: string, to: string): Promise<string> {
    const transfer = ['copyto', from, to, '--ca-cert', server.caFile, '--config', '', '--retries', '1'];
    const access = ['--s3-provider', 'Ceph', '--s3-endpoint', server.endpoint, '--s3-env-auth'];
    const withKey = ['--s3-sse-customer-algorithm', 'AES256', '--s3-sse-customer-key', textKey];
    return tool('rclone', ...transfer, ...access, '--s3-no-check-bucket', ...withKey);
  }

  /** Byte for byte what was put, and then gone. */
  async function same(path: string, size = SIZE): Promise<void> {
    expect((await stat(join(cwd, path))).size).toBe(size);
    await tool('cmp', '-n', String(size), 'big', path);
    await rm(join(cwd, path));
  }

  const dropObject = (key: string): Promise<unknown> =>
    client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));

  const temporaryFiles = (): string[] => readdirSync(cwd).filter((name) => name.startsWith('.ssec-'));

  /** Theirs was sent in parts, too. */
  const inParts = { ETag: expect.stringMatching(/^"?[0-9a-f]{32}-\d+"?$/), Size: SIZE };

  test('an upload that aws CLI began is listed, and dropped', async () => {
    const key = 'we ird+key';
    const object = ['--bucket', bucket, '--key', key, '--sse-customer-algorithm', 'AES256'];
    const { md5 } = customerKey;
    const withKey = ['--sse-customer-key', customerKey.toBase64(), '--sse-customer-key-md5', md5];
    const created = await aws('s3api', 'create-multipart-upload', ...object, ...withKey);
    const { UploadId } = JSON.parse(created) as { UploadId: string };
    const listed = { type: 'uploads', Kind: 'upload', Key: key, UploadId, Ours: false, PartsDone: null };
    expect((await ssec(['uploads'])).result).toMatchObject(listed);
    expect((await ssec(['uploads', 'we ird+'])).result).toMatchObject(listed);
    expect((await ssec(['uploads', 'other'])).result).toBeUndefined();
    // not ours: only its name drops it
    expect((await ssec(['uploads', '--abort'])).result).toBeUndefined();
    expect((await ssec(['uploads', '--abort', UploadId])).result).toMatchObject(listed);
    expect((await ssec(['uploads'])).result).toBeUndefined();
    expect(await aws('s3api', 'list-multipart-uploads', '--bucket', bucket)).not.toContain('UploadId');
  });

  test('a put that is killed, twice, is gone on with', async () => {
    const put = ['put', 'big', 'ours'];
    const first = await killed(put, 20);
    const second = await killed(put, first.length + 20);
    expect(second.slice(0, first.length)).toEqual(first);
    expect((await ssec(['uploads'])).result).toMatchObject({ Ours: true, PartsDone: second.length });

    const { result, requests } = await ssec(put);
    expect(result).toMatchObject({ type: 'put', Size: SIZE });
    const sent = numbersOf(requests, 'partNumber');
    expect(sent).toEqual(range(PARTS).filter((number) => !second.includes(number)));
    expect(await aws('s3api', 'list-multipart-uploads', '--bucket', bucket)).not.toContain('UploadId');
    expect(noted()).toEqual([]);
  });

  test('aws CLI reads it', async () => {
    await awsCopy(`s3://${bucket}/ours`, 'copy');
    await same('copy');
  });

  test('boto3 reads it', async () => {
    await boto3(`s3.download_file("${bucket}", "ours", "copy", ExtraArgs=key)`);
    await same('copy');
  });

  test('a get that is killed, twice, is gone on with', async () => {
    const get = ['get', 'ours', '-o', 'copy'];
    const first = await killed(get, 10);
    const second = await killed(get, first.length + 10);
    expect(second.slice(0, first.length)).toEqual(first);
    expect(existsSync(join(cwd, 'copy'))).toBe(false);
    expect(temporaryFiles()).toHaveLength(1);

    const { result, requests } = await ssec(get);
    expect(result).toMatchObject({ type: 'get', Size: SIZE });
    const ranges = requests.filter(({ Path }) => String(Path).includes('x-id=GetObject'));
    expect(ranges).toHaveLength(RANGES - second.length);
    expect(temporaryFiles()).toEqual([]);
    await same('copy');
    await dropObject('ours');
  });

  test('aws CLI puts, ssec reads', async () => {
    await awsCopy('big', `s3://${bucket}/of-aws-cli`);
    expect((await ssec(['get', 'of-aws-cli', '-o', 'copy'])).result).toMatchObject(inParts);
    await dropObject('of-aws-cli');
    await same('copy');
  });

  test('boto3 puts, ssec reads', async () => {
    await boto3(`s3.upload_file("big", "${bucket}", "of-boto3", ExtraArgs=key)`);
    expect((await ssec(['get', 'of-boto3', '-o', 'copy'])).result).toMatchObject(inParts);
    await dropObject('of-boto3');
    await same('copy');
  });

  const withTextKey = ['--key-file', 'text.key', '--key-format', 'text'];

  test('rclone puts, ssec reads', async () => {
    await rclone('big', `:s3:${bucket}/of-rclone`);
    const got = await ssec(['get', 'of-rclone', '-o', 'copy', ...withTextKey]);
    expect(got.result).toMatchObject(inParts);
    await dropObject('of-rclone');
    await same('copy');
  });

  test('ssec puts under a text key, rclone reads', async () => {
    const put = await ssec(['put', 'big', 'for-rclone', ...withTextKey, '--allow-weak-key']);
    expect(numbersOf(put.requests, 'partNumber')).toEqual(range(PARTS));
    await rclone(`:s3:${bucket}/for-rclone`, 'copy');
    await dropObject('for-rclone');
    await same('copy');
  });

  test('a stream of 200 MiB, in both directions', async () => {
    const size = 200 * MiB;
    const source = createReadStream(join(cwd, 'big'), { end: size - 1, highWaterMark: MiB });
    const put = await ssec(['put', '-', 'stream'], source);
    expect(put.result).toMatchObject({ type: 'put', Size: size });
    expect(numbersOf(put.requests, 'partNumber')).toEqual(range(size / (8 * MiB)));
    await awsCopy(`s3://${bucket}/stream`, 'copy');
    await same('copy', size);
    const shell = `"$0" "$1" get stream -o - | cmp -n ${size} big -`;
    await run('/bin/bash', ['-o', 'pipefail', '-c', shell, process.execPath, bin], {
      cwd,
      env: { ...env, SSEC_KEY_FILE: 'raw.key' },
    });
    await dropObject('stream');
  });

  test('nothing is left', async () => {
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    expect(uploads.Uploads ?? []).toEqual([]);
    const objects = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(objects.Contents ?? []).toEqual([]);
    expect(readdirSync(notes)).toEqual([]);
    expect(temporaryFiles()).toEqual([]);
  });
});

/** Random bytes again and again, in a length that fits no part: each part is another. */
async function writeLarge(path: string): Promise<void> {
  const block = randomBytes(4 * MiB + 4099);
  const file = await open(path, 'wx');
  try {
    for (let written = 0; written < SIZE; written += block.length)
      await file.writeFile(block.subarray(0, SIZE - written));
  } finally {
    await file.close();
  }
}

async function ended(child: ChildProcess) {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done, failed) => {
    child.once('error', failed);
    child.once('close', (...end) => done(end));
  });
  return { code, signal, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

/** Of JSON; one that was cut off counts for nothing. */
function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}

/** The numbers that answered requests have in their query, each once: a request may be tried again. */
function numbersOf(requests: readonly Line[], parameter: string): number[] {
  const numbers = requests.flatMap(({ Path, HTTPStatusCode }) => {
    const number = new URL(String(Path), 'https://s3').searchParams.get(parameter);
    return number === null || HTTPStatusCode !== 200 ? [] : [Number(number)];
  });
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
