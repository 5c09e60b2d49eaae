import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CustomerKey } from '../../src/keys/customer-key.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

const run = promisify(execFile);
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
/** The distribution's own tools, whatever else stands before them on this machine's PATH. */
const PATH = '/usr/bin:/bin';

export interface InteropServer {
  /** By which every client finds the server and its bucket. */
  readonly env: Readonly<Record<string, string>>;
  readonly bucket: string;
  close(): Promise<void>;
}

export interface InteropOptions {
  /** Fails, instead of skipping, where a tool is missing. */
  readonly mustHaveTools: boolean;
  /** Also the tools by themselves, besides the examples. */
  readonly tools: boolean;
  /** The server wants the digest of the key with reads too, as Ceph does. */
  readonly readsNeedKeyMd5?: boolean;
  /** The server copies from one key to another; else it goes through the client. */
  readonly copiesBetweenKeys: boolean;
}

/** What others put we get, what we put they get: byte for byte, with the same key. */
export function interopSuite(open: () => Promise<InteropServer>, options: InteropOptions): void {
  const freshFolder = temporaryFolders('interop');
  let server: InteropServer;

  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.close());

  interface Work {
    readonly cwd: string;
    readonly content: Buffer;
    readonly customerKey: CustomerKey;
    readonly env: Record<string, string>;
    ssec(...argv: string[]): Promise<string>;
    exec(file: string, ...args: string[]): Promise<string>;
  }

  /** A folder with the `.env` of the examples and a photo. */
  function openWork(name: string): Work {
    const cwd = freshFolder();
    const content = randomBytes(150_000);
    const customerKey = CustomerKey.generate();
    writeFileSync(join(cwd, name), content);
    writeFileSync(join(cwd, 'raw.key'), customerKey.toBytes(), { mode: 0o600 });
    writeFileSync(
      join(cwd, '.env'),
      `BUCKET_NAME='${server.bucket}'\nKEY='${name}'\nSSE_CUSTOMER_KEY_BASE64='${customerKey.toBase64()}'\nSSE_CUSTOMER_KEY_MD5='${customerKey.md5}'\nPROFILE=''\n`,
    );
    const { BUCKET_NAME: _bucket, PROFILE: _profile, ...found } = server.env;
    const env = { ...found, PATH, HOME: cwd };
    return {
      cwd,
      content,
      customerKey,
      env,
      ssec: async (...argv) => {
        const result = await runCli(argv, { cwd, env });
        expect(result).toMatchObject({ code: 0, stderr: '' });
        return result.stdout.trim();
      },
      exec: async (file, ...args) => (await run(file, args, { cwd, env })).stdout.trim(),
    };
  }

  const got = (work: Work, path: string): void => {
    expect(readFileSync(join(work.cwd, path)).equals(work.content)).toBe(true);
  };

  function tool(name: string, probe: readonly [string, ...string[]], body: (title: string) => void): void {
    try {
      execFileSync(probe[0], probe.slice(1), { env: { PATH, HOME: '/' }, stdio: 'ignore' });
    } catch {
      const why = `${name} is not installed (${probe.join(' ')})`;
      process.stderr.write(`${why}\n`);
      if (options.mustHaveTools) test(name, () => expect.fail(why));
      else test.skip(why);
      return;
    }
    describe(name, () => body(name));
  }

  tool('aws CLI', ['/usr/bin/aws', '--version'], () => {
    test('examples/put-with-aws-cli.sh, then ssec get', async () => {
      const work = openWork('a.jpg');
      expect(await work.exec('bash', `${examples}put-with-aws-cli.sh`)).toBe(`s3://${server.bucket}/a.jpg`);
      got(work, await work.ssec('get'));
    });

    test('ssec put, then examples/get-with-aws-cli.sh', async () => {
      const work = openWork('b.jpg');
      await work.ssec('put');
      const path = await work.exec('bash', `${examples}get-with-aws-cli.sh`);
      expect(path).toMatch(/^tmp\/[0-9a-f-]{36}\.jpg$/);
      got(work, path);
    });

    if (!options.tools) return;

    test('s3api put-object and get-object', async () => {
      const work = openWork('c.bin');
      const endpoint = ['--endpoint-url', work.env['AWS_ENDPOINT_URL'] ?? ''];
      const object = ['--bucket', server.bucket, '--sse-customer-algorithm', 'AES256'];
      const { customerKey } = work;
      const key = ['--sse-customer-key', customerKey.toBase64(), '--sse-customer-key-md5', customerKey.md5];
      const s3api = (...args: string[]): Promise<string> =>
        work.exec('/usr/bin/aws', ...endpoint, 's3api', ...args);
      await s3api('put-object', ...object, ...key, '--key', 'theirs/c.bin', '--body', 'c.bin');
      got(work, await work.ssec('get', 'theirs/c.bin'));
      await work.ssec('put', 'c.bin', 'ours/c.bin');
      await s3api('get-object', ...object, ...key, '--key', 'ours/c.bin', 'copy');
      got(work, 'copy');
    });

    test('s3 cp --sse-c', async () => {
      const work = openWork('d.bin');
      const endpoint = ['--endpoint-url', work.env['AWS_ENDPOINT_URL'] ?? ''];
      const key = ['--sse-c', 'AES256', '--sse-c-key', 'fileb://raw.key', '--only-show-errors'];
      const cp = (from: string, to: string): Promise<string> =>
        work.exec('/usr/bin/aws', ...endpoint, 's3', 'cp', ...key, from, to);
      await cp('d.bin', `s3://${server.bucket}/theirs/d.bin`);
      got(work, await work.ssec('get', 'theirs/d.bin'));
      await work.ssec('put', 'd.bin', 'ours/d.bin');
      await cp(`s3://${server.bucket}/ours/d.bin`, 'copy');
      got(work, 'copy');
    });
  });

  tool('boto3', ['/usr/bin/python3', '-c', 'import boto3'], () => {
    test('examples/put_with_boto3.py, then ssec get', async () => {
      const work = openWork('e.jpg');
      const put = await work.exec('/usr/bin/python3', `${examples}put_with_boto3.py`);
      expect(put).toBe(`s3://${server.bucket}/e.jpg`);
      got(work, await work.ssec('get'));
    });

    test('ssec put, then examples/get_with_boto3.py', async () => {
      const work = openWork('f.jpg');
      await work.ssec('put');
      const path = await work.exec('/usr/bin/python3', `${examples}get_with_boto3.py`);
      expect(path).toMatch(/^tmp\/[0-9a-f-]{36}\.jpg$/);
      got(work, path);
    });

    if (!options.tools) return;

    test('upload_file and download_file, key as raw bytes', async () => {
      const work = openWork('g.bin');
      const script = `
import boto3, os, sys
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
key = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=open("raw.key", "rb").read())
way, name, file = sys.argv[1:]
if way == "put":
    s3.upload_file(file, "${server.bucket}", name, ExtraArgs=key)
else:
    s3.download_file("${server.bucket}", name, file, ExtraArgs=key)
`;
      await work.exec('/usr/bin/python3', '-c', script, 'put', 'theirs/g.bin', 'g.bin');
      got(work, await work.ssec('get', 'theirs/g.bin'));
      await work.ssec('put', 'g.bin', 'ours/g.bin');
      await work.exec('/usr/bin/python3', '-c', script, 'get', 'ours/g.bin', 'copy');
      got(work, 'copy');
    });
  });

  describe('what others put, under another key', () => {
    /** What puts and gets an object with a file of 32 raw bytes as its key. */
    type Transfer = (
      work: Work,
      way: 'put' | 'get',
      key: string,
      name: string,
      file: string,
    ) => Promise<string>;

    const roundTrip = async (name: string, transfer: Transfer): Promise<void> => {
      const work = openWork(name);
      const newKey = CustomerKey.generate();
      writeFileSync(join(work.cwd, 'new.key'), newKey.toBytes(), { mode: 0o600 });
      await transfer(work, 'put', 'raw.key', `theirs/${name}`, name);
      const way = options.copiesBetweenKeys ? [] : ['--through-client'];
      const line = ['rekey', `theirs/${name}`, '--to-key-file', 'new.key', ...way, '--quiet'];
      expect(await work.ssec(...line)).toBe(`s3://${server.bucket}/theirs/${name}`);
      await transfer(work, 'get', 'new.key', `theirs/${name}`, 'copy');
      got(work, 'copy');
      await expect(transfer(work, 'get', 'raw.key', `theirs/${name}`, 'no')).rejects.toThrow();
    };

    tool('aws CLI, rekeyed', ['/usr/bin/aws', '--version'], () => {
      test('s3 cp --sse-c', { timeout: 90_000 }, () =>
        roundTrip('m.bin', (work, way, key, name, file) => {
          const endpoint = ['--endpoint-url', work.env['AWS_ENDPOINT_URL'] ?? ''];
          const sseC = ['--sse-c', 'AES256', '--sse-c-key', `fileb://${key}`, '--only-show-errors'];
          const ends = [file, `s3://${server.bucket}/${name}`];
          const fromTo = way === 'put' ? ends : ends.reverse();
          return work.exec('/usr/bin/aws', ...endpoint, 's3', 'cp', ...sseC, ...fromTo);
        }),
      );
    });

    tool('boto3, rekeyed', ['/usr/bin/python3', '-c', 'import boto3'], () => {
      const script = `
import boto3, os, sys
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
way, bucket, key, name, file = sys.argv[1:]
args = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=open(key, "rb").read())
if way == "put":
    s3.upload_file(file, bucket, name, ExtraArgs=args)
else:
    s3.download_file(bucket, name, file, ExtraArgs=args)
`;
      test('upload_file and download_file', { timeout: 90_000 }, () =>
        roundTrip('n.bin', (work, way, key, name, file) =>
          work.exec('/usr/bin/python3', '-c', script, way, server.bucket, key, name, file),
        ),
      );
    });
  });

  describe('a key of the ring, exported', () => {
    /** A ring with one key, and an object of ours under it; nothing else names a key. */
    async function openRing(name: string): Promise<Work> {
      const work = openWork(name);
      rmSync(join(work.cwd, '.env'));
      Object.assign(work.env, { SSEC_KEYRING: 'ring', BUCKET_NAME: server.bucket });
      await work.ssec('keys', 'add', 'mine', '--key-file', 'raw.key', '--quiet');
      await work.ssec('put', name, `ours/${name}`);
      return work;
    }

    test('for env: ssec itself', async () => {
      const work = await openRing('i.bin');
      await work.ssec('keys', 'export', 'mine', '--for', 'env', '-o', 'mine.env');
      work.env['SSEC_KEYRING'] = '';
      got(work, await work.ssec('get', 'ours/i.bin', '--env', 'mine.env'));
      await work.ssec('put', 'i.bin', 'theirs/i.bin', '--env', 'mine.env');
      work.env['SSEC_KEYRING'] = 'ring';
      got(work, await work.ssec('get', 'theirs/i.bin'));
    });

    tool('aws CLI, with a key of ours', ['/usr/bin/aws', '--version'], () => {
      test('for aws: s3 cp --sse-c-key fileb://', async () => {
        const work = await openRing('j.bin');
        await work.ssec('keys', 'export', 'mine', '--for', 'aws', '-o', 'mine.bin');
        const endpoint = ['--endpoint-url', work.env['AWS_ENDPOINT_URL'] ?? ''];
        const key = ['--sse-c', 'AES256', '--sse-c-key', 'fileb://mine.bin', '--only-show-errors'];
        const cp = (from: string, to: string): Promise<string> =>
          work.exec('/usr/bin/aws', ...endpoint, 's3', 'cp', ...key, from, to);
        await cp(`s3://${server.bucket}/ours/j.bin`, 'copy');
        got(work, 'copy');
        await cp('j.bin', `s3://${server.bucket}/theirs/j.bin`);
        got(work, await work.ssec('get', 'theirs/j.bin'));
      });
    });

    tool('rclone', ['/usr/bin/rclone', 'version'], () => {
      test('for rclone: variables of the environment', async () => {
        const work = await openRing('k.bin');
        await work.ssec('keys', 'export', 'mine', '--for', 'rclone', '-o', 'rclone.env');
        const { AWS_ENDPOINT_URL: endpoint = '', AWS_CA_BUNDLE: ca = '', AWS_REGION: region = '' } = work.env;
        const remote = `:s3,provider=Other,env_auth=true,no_check_bucket=true,endpoint='${endpoint}',region=${region}:${server.bucket}`;
        // rclone 1.60 stumbles over AWS_CA_BUNDLE
        const rclone = (from: string, to: string): Promise<string> =>
          work.exec(
            '/usr/bin/env',
            '-u',
            'AWS_CA_BUNDLE',
            'sh',
            '-c',
            'set -a; . ./rclone.env; exec rclone "$@"',
            'rclone',
            '--ca-cert',
            ca,
            '--retries',
            '1',
            'copyto',
            from,
            to,
          );
        await rclone(`${remote}/ours/k.bin`, 'copy');
        got(work, 'copy');
        await rclone('k.bin', `${remote}/theirs/k.bin`);
        got(work, await work.ssec('get', 'theirs/k.bin'));
      });
    });

    tool('curl', ['/usr/bin/curl', '--version'], () => {
      const [, major, minor] =
        /^curl (\d+)\.(\d+)/.exec(execFileSync('/usr/bin/curl', ['--version']).toString()) ?? [];
      // before 8.10 it signs customer-key-md5 before customer-key, and servers have the names in order
      const signsInOrder = Number(major) * 100 + Number(minor) >= 810;
      const signsNone = !signsInOrder && options.readsNeedKeyMd5 === true;

      test.skipIf(signsNone)('for curl: the headers', async () => {
        const work = await openRing('l.bin');
        await work.ssec('keys', 'export', 'mine', '--for', 'curl', '-o', 'headers');
        const { env } = work;
        const url = (key: string): string => `${env['AWS_ENDPOINT_URL'] ?? ''}/${server.bucket}/${key}`;
        const user = `${env['AWS_ACCESS_KEY_ID'] ?? ''}:${env['AWS_SECRET_ACCESS_KEY'] ?? ''}`;
        const signed = ['--aws-sigv4', `aws:amz:${env['AWS_REGION'] ?? ''}:s3`, '--user', user];
        const curl = (headers: string, ...args: string[]): Promise<string> =>
          work.exec(
            '/usr/bin/curl',
            '-sSf',
            '--cacert',
            env['AWS_CA_BUNDLE'] ?? '',
            ...signed,
            '-H',
            `@${headers}`,
            '-H',
            'x-amz-content-sha256: UNSIGNED-PAYLOAD',
            ...args,
          );
        if (!signsInOrder) {
          // a read needs no digest of the key on S3
          const lines = readFileSync(join(work.cwd, 'headers'), 'utf8').split('\n');
          writeFileSync(
            join(work.cwd, 'headers'),
            lines.filter((line) => !line.includes('-md5:')).join('\n'),
          );
        }
        await curl('headers', '-o', 'copy', url('ours/l.bin'));
        got(work, 'copy');
        if (!signsInOrder) return;
        await curl('headers', '-T', 'l.bin', url('theirs/l.bin'));
        got(work, await work.ssec('get', 'theirs/l.bin'));
      });
    });
  });

  test('the sample of the examples goes both ways', async () => {
    const work = openWork('h.jpg');
    const sample = readdirSync(examples).find((name) => name === 'sample.jpg');
    expect(sample, 'examples/sample.jpg').toBeDefined();
    copyFileSync(join(examples, 'sample.jpg'), join(work.cwd, 'h.jpg'));
    await work.ssec('put');
    const path = await work.ssec('get');
    const same = readFileSync(join(work.cwd, path)).equals(readFileSync(join(examples, 'sample.jpg')));
    expect(same).toBe(true);
  });
}
