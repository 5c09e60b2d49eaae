import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { send, sseC, signedHeaders } from './support/raw-request.ts';
import { bucket, runningSandbox } from './support/running-sandbox.ts';

const run = promisify(execFile);
const running = runningSandbox();
const timeout = 60_000;

const key = randomBytes(32);
const content = randomBytes(100_000);
const otherKey = randomBytes(32);
const large = randomBytes(11 * 1024 ** 2);
const quiet = ['--fail', '--silent', '--show-error'];
let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssec-sandbox-peers-'));
  writeFileSync(at('content'), content);
  writeFileSync(at('large'), large);
  writeFileSync(at('key'), key);
  writeFileSync(at('other key'), otherKey);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Every place of a program on PATH: there may be an old one of the system beside a new one. */
function installed(program: string): string[] {
  const folders = new Set((process.env['PATH'] ?? '').split(delimiter));
  const found = [...folders].map((path) => join(path, program)).filter((path) => existsSync(path));
  // One folder may be a link to the other.
  return [...new Map(found.map((path) => [realpathSync(path), path])).values()];
}

async function having(program: string, works: (path: string) => Promise<unknown>): Promise<string[]> {
  const usable: string[] = [];
  for (const path of installed(program)) {
    await works(path).then(
      () => usable.push(path),
      () => {},
    );
  }
  return usable;
}

/** One test a place where it is installed; where it is nowhere, a skipped one that says so. */
function peer(name: string, places: readonly string[], use: (path: string) => Promise<void>): void {
  if (places.length === 0) test.skip(`${name}: not installed`);
  for (const place of places) test(`${name}: ${place}`, { timeout }, () => use(place));
}

/** A clean environment: nothing of this machine's AWS settings. */
function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: folder, ...running().env(bucket) };
}

peer('aws CLI, s3api and s3 cp', installed('aws'), async (aws) => {
  const options = { env: environment() };
  const endpoint = ['--endpoint-url', running().endpoint];
  const headers = sseC(key);
  const object = ['--bucket', bucket, '--key', 'aws/put', '--sse-customer-algorithm', 'AES256'];
  const customer = [
    '--sse-customer-key',
    headers['x-amz-server-side-encryption-customer-key'] ?? '',
    '--sse-customer-key-md5',
    headers['x-amz-server-side-encryption-customer-key-md5'] ?? '',
  ];
  const put = ['s3api', 'put-object', ...endpoint, ...object, ...customer, '--body', at('content')];
  await run(aws, put, options);
  const copy = ['--sse-c', 'AES256', '--sse-c-key', `fileb://${at('key')}`, '--only-show-errors'];
  await run(aws, ['s3', 'cp', ...endpoint, ...copy, `s3://${bucket}/aws/put`, at('aws')], options);
  expect(readFileSync(at('aws'))).toEqual(content);
  // More than 8 MiB: in parts, and back in ranges.
  const inParts = `s3://${bucket}/aws/large`;
  await run(aws, ['s3', 'cp', ...endpoint, ...copy, at('large'), inParts], options);
  await run(aws, ['s3', 'cp', ...endpoint, ...copy, inParts, at('aws')], options);
  expect(readFileSync(at('aws')).equals(large)).toBe(true);
  const say = async (...command: string[]) =>
    (await run(aws, ['s3', ...command, ...endpoint], options)).stdout;
  expect(await say('ls')).toContain(bucket);
  expect(await say('rm', '--recursive', `s3://${bucket}/aws/`)).toContain('aws/put');
});

peer('aws CLI, copies to another key', installed('aws'), async (aws) => {
  const options = { env: environment() };
  const endpoint = ['--endpoint-url', running().endpoint];
  const path = (name: string) => `/${bucket}/aws-copies/${name}`;
  const put = (name: string, body: Buffer) =>
    send(running(), { method: 'PUT', path: path(name), body, headers: sseC(key) });
  const get = async (name: string, headers: Record<string, string>) =>
    (await send(running(), { method: 'GET', path: path(name), headers })).body;
  await put('a', content);
  const fields = (bytes: Buffer, prefix: string) => {
    const headers = sseC(bytes);
    return ['algorithm', 'key', 'key-md5'].flatMap((name) => [
      `--${prefix}sse-customer-${name}`,
      headers[`x-amz-server-side-encryption-customer-${name}`] ?? '',
    ]);
  };
  const address = ['--bucket', bucket, '--key', 'aws-copies/a', '--copy-source', `${bucket}/aws-copies/a`];
  const keys = [...fields(key, 'copy-source-'), ...fields(otherKey, '')];
  await run(aws, ['s3api', 'copy-object', ...endpoint, ...address, ...keys], options);
  expect((await get('a', sseC(otherKey))).equals(content)).toBe(true);
  // In parts, and under one key: https://github.com/aws/aws-cli/issues/6012 is about two.
  await put('large', large);
  const to = ['--sse-c', 'AES256', '--sse-c-key', `fileb://${at('key')}`];
  const from = ['--sse-c-copy-source', 'AES256', '--sse-c-copy-source-key', `fileb://${at('key')}`];
  const both = [`s3:/${path('large')}`, `s3:/${path('copy')}`];
  await run(aws, ['s3', 'cp', ...endpoint, '--only-show-errors', ...to, ...from, ...both], options);
  expect((await get('copy', sseC(key))).equals(large)).toBe(true);
});

const boto3 = `
import boto3, os
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
bucket = os.environ["BUCKET_NAME"]
class Source:
    def __init__(self, client, key):
        self.client, self.key = client, key
    def head_object(self, **asked):
        return self.client.head_object(**{**asked, **self.key})
key = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=open("key", "rb").read())
content = open("content", "rb").read()
with open("content", "rb") as body:
    s3.put_object(Bucket=bucket, Key="boto3", Body=body, **key)
s3.put_object(Bucket=bucket, Key="boto3 bytes", Body=content, **key)
assert s3.get_object(Bucket=bucket, Key="boto3", **key)["Body"].read() == content
s3.upload_file("content", bucket, "boto3 file", ExtraArgs=key)
s3.download_file(bucket, "boto3 file", "boto3", ExtraArgs=key)
assert open("boto3", "rb").read() == content
other = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=open("other key", "rb").read())
source = dict(CopySourceSSECustomerAlgorithm="AES256", CopySourceSSECustomerKey=key["SSECustomerKey"])
s3.copy_object(Bucket=bucket, Key="boto3", CopySource=bucket + "/boto3", **source, **other)
assert s3.get_object(Bucket=bucket, Key="boto3", **other)["Body"].read() == content
# what is copied in parts is looked at first, with a key of its own
open("both", "wb").write(content * 100)
s3.upload_file("both", bucket, "boto3 file", ExtraArgs=key)
s3.copy(dict(Bucket=bucket, Key="boto3 file"), bucket, "boto3 bytes", ExtraArgs=dict(**source, **other), SourceClient=Source(s3, key))
assert s3.get_object(Bucket=bucket, Key="boto3 bytes", **other)["Body"].read() == content * 100
mine = boto3.resource("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"]).Bucket(bucket).objects.filter(Prefix="boto3")
assert [o.key for o in mine] == ["boto3", "boto3 bytes", "boto3 file"]
mine.delete()
assert list(mine) == []
`;

const pythons = await having('python3', (python) => run(python, ['-c', 'import boto3']));

peer('boto3, bytes and files', pythons, async (python) => {
  await run(python, ['-c', boto3], { env: environment(), cwd: folder });
});

peer('rclone, with a key of 32 printable characters', installed('rclone'), async (rclone) => {
  // rclone 1.60 fails on AWS_CA_BUNDLE.
  const env = { ...environment(), RCLONE_CONFIG: at('no.conf'), AWS_CA_BUNDLE: '' };
  const flags = [
    ['--ca-cert', running().caFile],
    ['--s3-provider', 'Other'],
    ['--s3-env-auth'],
    ['--s3-endpoint', running().endpoint],
    ['--s3-region', running().region],
    ['--s3-sse-customer-algorithm', 'AES256'],
    ['--s3-sse-customer-key', '0123456789abcdefghijklmnopqrstuv'],
  ].flat();
  await run(rclone, [...flags, 'copyto', at('content'), `:s3:${bucket}/rclone`], { env });
  await run(rclone, [...flags, 'copyto', `:s3:${bucket}/rclone`, at('rclone')], { env });
  expect(readFileSync(at('rclone'))).toEqual(content);
  const parts = ['--s3-upload-cutoff', '5Mi', '--s3-chunk-size', '5Mi'];
  await run(rclone, [...flags, ...parts, 'copyto', at('large'), `:s3:${bucket}/large`], { env });
  await run(rclone, [...flags, 'copyto', `:s3:${bucket}/large`, at('rclone')], { env });
  expect(readFileSync(at('rclone')).equals(large)).toBe(true);
  const say = async (...command: string[]) => (await run(rclone, [...flags, ...command], { env })).stdout;
  expect(await say('lsd', ':s3:')).toContain(bucket);
  expect(await say('lsf', `:s3:${bucket}`)).toContain('rclone\n');
  await say('deletefile', `:s3:${bucket}/rclone`);
  expect(await say('lsf', `:s3:${bucket}`)).not.toContain('rclone');
});

peer('curl, with headers that were signed here', installed('curl'), async (curl) => {
  const path = `/${bucket}/curl`;
  const url = `${running().endpoint}${path}`;
  const options = { env: environment() };
  const headerFile = (method: string, payloadHash: string) => {
    const headers = signedHeaders(running(), { method, path, headers: sseC(key), payloadHash });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    writeFileSync(at(`${method}.headers`), lines.join(''));
    return ['-H', `@${at(`${method}.headers`)}`];
  };
  const contentHash = createHash('sha256').update(content).digest('hex');
  await run(curl, [...quiet, ...headerFile('PUT', contentHash), '-T', at('content'), url], options);
  await run(curl, [...quiet, ...headerFile('GET', 'UNSIGNED-PAYLOAD'), '-o', at('curl'), url], options);
  expect(readFileSync(at('curl'))).toEqual(content);
});

peer('aws CLI and curl, presigned', installed('aws'), async (aws) => {
  const [curl] = installed('curl');
  if (curl === undefined) return;
  const object = `/${bucket}/shared`;
  await send(running(), { method: 'PUT', path: object, body: content });
  // It signs by Version 2 where nobody tells it not to.
  writeFileSync(at('aws.config'), '[default]\ns3 =\n  signature_version = s3v4\n');
  const options = { env: { ...environment(), AWS_CONFIG_FILE: at('aws.config') } };
  const presign = ['s3', 'presign', '--endpoint-url', running().endpoint, `s3:/${object}`];
  const { stdout } = await run(aws, [...presign, '--expires-in', '60'], options);
  await run(curl, [...quiet, '-o', at('shared'), stdout.trim()], options);
  expect(readFileSync(at('shared'))).toEqual(content);
});

const presigned = `
import boto3, os
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"], config=Config(signature_version="s3v4"))
key = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=open("key", "rb").read())
for method in "put_object", "get_object":
    print(s3.generate_presigned_url(method, Params=dict(Bucket=os.environ["BUCKET_NAME"], Key="presigned", **key)))
`;

peer('boto3 and curl, presigned under a customer key', pythons, async (python) => {
  const [curl] = installed('curl');
  if (curl === undefined) return;
  const options = { env: environment(), cwd: folder };
  const { stdout } = await run(python, ['-c', presigned], options);
  const [put = '', get = ''] = stdout.trim().split('\n');
  const lines = Object.entries(sseC(key)).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(at('key.headers'), lines.join(''));
  const withKey = [...quiet, '-H', `@${at('key.headers')}`];
  await run(curl, [...withKey, '-T', at('content'), put], options);
  await run(curl, [...withKey, '-o', at('presigned'), get], options);
  expect(readFileSync(at('presigned'))).toEqual(content);
  await expect(run(curl, [...quiet, get], options)).rejects.toThrow(/403/);
});
