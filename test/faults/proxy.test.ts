import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../../sandbox/src/certificate.ts';
import { putObject } from '../../src/put-object.ts';
import { BytesSource } from '../../src/transfer/bytes-source.ts';
import { type ConnectProxy, type ConnectProxyOptions, startConnectProxy } from '../support/connect-proxy.ts';
import {
  type WireHandler,
  type WireServer,
  type WireServerOptions,
  echoOf,
  keepsObjects,
  startWireServer,
} from '../support/wire-server.ts';
import { clientOf, customerKey, folder } from './support.ts';

const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command line, in a process of its own and with nothing of our environment. */
function ssec(argv: readonly string[], cwd: string, env: Record<string, string>): Promise<Ended> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [bin, ...argv], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, XDG_CACHE_HOME: join(cwd, 'cache'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', failed);
    child.on('close', (status) => done({ status, stdout, stderr }));
  });
}

interface Scene {
  readonly server: WireServer;
  readonly proxy: ConnectProxy;
  readonly cwd: string;
  /** Settings under which `put` and `get` reach the server through the proxy. */
  readonly env: Record<string, string>;
}

async function scene(options: ConnectProxyOptions & WireServerOptions = {}): Promise<Scene> {
  const server = await startWireServer(keepsObjects(), options);
  const proxy = await startConnectProxy(options);
  onTestFinished(async () => {
    await proxy.close();
    await server.close();
  });
  const cwd = folder();
  writeFileSync(join(cwd, 'ca.pem'), server.caPem);
  writeFileSync(join(cwd, 'sample.txt'), 'through the tunnel');
  return {
    server,
    proxy,
    cwd,
    env: {
      BUCKET_NAME: 'bucket',
      SSE_CUSTOMER_KEY_BASE64: customerKey.toBase64(),
      AWS_ACCESS_KEY_ID: 'AKID',
      AWS_SECRET_ACCESS_KEY: 'SECRETSECRETSECRET',
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_CA_BUNDLE: 'ca.pem',
      HTTPS_PROXY: proxy.url,
    },
  };
}

const targets = (proxy: ConnectProxy): string[] => proxy.connects.map(({ target }) => target);

describe('HTTPS_PROXY', () => {
  test('put and get go through it', async () => {
    const { server, proxy, cwd, env } = await scene();
    const put = await ssec(['put', 'sample.txt'], cwd, env);
    expect(put).toEqual({ status: 0, stdout: 's3://bucket/sample.txt\n', stderr: '' });
    const get = await ssec(['get', 'sample.txt', '-o', 'back.txt'], cwd, env);
    expect(get).toEqual({ status: 0, stdout: 'back.txt\n', stderr: '' });
    expect(readFileSync(join(cwd, 'back.txt'), 'utf8')).toBe('through the tunnel');
    expect(targets(proxy)).toEqual([`127.0.0.1:${server.port}`, `127.0.0.1:${server.port}`]);
    expect(server.connections()).toBe(2);
  });

  test.each([
    ['NO_PROXY', { NO_PROXY: '127.0.0.1,localhost' }],
    ['no_proxy, all', { no_proxy: '*' }],
    ['an empty HTTPS_PROXY', { HTTPS_PROXY: '' }],
  ])('%s: past it', async (_name, more) => {
    const { server, proxy, cwd, env } = await scene();
    expect((await ssec(['put', 'sample.txt'], cwd, { ...env, ...more })).status).toBe(0);
    expect(proxy.connects).toEqual([]);
    expect(server.requests).toHaveLength(1);
  });

  test('in small letters, and without a scheme', async () => {
    const { proxy, cwd, env } = await scene();
    const more = { HTTPS_PROXY: '', https_proxy: `127.0.0.1:${proxy.port}` };
    expect(await ssec(['put', 'sample.txt'], cwd, { ...env, ...more })).toMatchObject({
      status: 0,
      stderr: '',
    });
    expect(proxy.connects).toHaveLength(1);
  });

  test('a refusal is one of the network, with a hint', async () => {
    const { server, cwd, env } = await scene({ refuse: 403 });
    const put = await ssec(['put', 'sample.txt'], cwd, env);
    expect(put.status).toBe(9);
    expect(put.stderr).toMatch(/The proxy did not open the way .*403/);
    expect(put.stderr).toMatch(/^hint: .*HTTPS_PROXY/m);
    expect(server.connections()).toBe(0);
  });

  test('a proxy that is down is named, and not the server', async () => {
    const { server, cwd, env } = await scene();
    const put = await ssec(['put', 'sample.txt'], cwd, {
      ...env,
      HTTPS_PROXY: 'http://me:secret@127.0.0.1:1',
    });
    expect(put).toMatchObject({
      status: 9,
      stderr:
        'ssec: The proxy 127.0.0.1:1 cannot be reached (ECONNREFUSED).\nhint: look at HTTPS_PROXY and NO_PROXY\n',
    });
    expect(server.connections()).toBe(0);
  });

  test('user and password go to the proxy, and nowhere else', async () => {
    const { server, proxy, cwd, env } = await scene();
    const url = proxy.url.replace('://', '://me:p%40ssword-of-mine@');
    const put = await ssec(['put', 'sample.txt', '--verbose'], cwd, { ...env, HTTPS_PROXY: url });
    expect(put.status).toBe(0);
    const basic = Buffer.from('me:p@ssword-of-mine').toString('base64');
    expect(proxy.connects).toEqual([{ target: `127.0.0.1:${server.port}`, authorization: `Basic ${basic}` }]);
    expect(put.stderr).toContain('PUT https://127.0.0.1');
    for (const secret of ['ssword-of-mine', basic]) expect(put.stdout + put.stderr).not.toContain(secret);
    for (const { headers } of server.requests) expect(JSON.stringify(headers)).not.toContain(basic);
  });
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  test.each([
    ['through the proxy', {}],
    ['directly', { HTTPS_PROXY: '' }],
  ])('the certificate of the target is checked all the same: %s', async (_name, more) => {
    const { server, cwd, env } = await scene();
    // a CA that has nothing to do with the server
    const other = await startWireServer([{ status: 200 }]);
    onTestFinished(() => other.close());
    writeFileSync(join(cwd, 'ca.pem'), other.caPem);
    const put = await ssec(['put', 'sample.txt'], cwd, {
      ...env,
      ...more,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    });
    expect(put.status).toBe(2);
    expect(put.stderr).toMatch(/The certificate of .* is not trusted/);
    expect(server.requests).toEqual([]);
  });

  test('with no CA named either', async () => {
    const { server, cwd, env } = await scene();
    const more = { AWS_CA_BUNDLE: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    expect((await ssec(['put', 'sample.txt'], cwd, { ...env, ...more })).status).toBe(2);
    expect(server.requests).toEqual([]);
  });
});

describe('an assumed role', () => {
  const sts: WireHandler = () => ({
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>R:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>rolesecretrolesecret</SecretAccessKey><SessionToken>ROLETOKENROLETOKEN</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
  });

  async function roleScene(trust: 'shared' | 'other'): Promise<Scene & { sts: WireServer }> {
    const certificate = await makeCertificate(new Date());
    const made = await scene({ certificate });
    const server = await startWireServer(sts, trust === 'shared' ? { certificate } : {});
    onTestFinished(() => server.close());
    writeFileSync(
      join(made.cwd, 'config'),
      '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = basesecretbasesecret\n' +
        '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\nregion = us-east-1\n',
    );
    return {
      ...made,
      sts: server,
      env: {
        ...made.env,
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        AWS_CONFIG_FILE: join(made.cwd, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(made.cwd, 'none'),
        PROFILE: 'role',
        AWS_ENDPOINT_URL_STS: server.endpoint,
      },
    };
  }

  test('is asked for through the same proxy, and signs the request', async () => {
    const { server, proxy, cwd, env, sts: lender } = await roleScene('shared');
    const put = await ssec(['put', 'sample.txt', '--verbose'], cwd, env);
    expect(put.status).toBe(0);
    expect(targets(proxy)).toEqual([`127.0.0.1:${lender.port}`, `127.0.0.1:${server.port}`]);
    expect(lender.requests[0]?.body.toString()).toContain('Action=AssumeRole');
    expect(lender.requests[0]?.headers['authorization']).toContain('Credential=AKIDBASE/');
    expect(server.requests[0]?.headers['authorization']).toContain('Credential=ASIAROLE/');
    expect(server.requests[0]?.headers['x-amz-security-token']).toBe('ROLETOKENROLETOKEN');
    for (const secret of ['rolesecret', 'basesecret', 'ROLETOKEN']) {
      expect(put.stdout + put.stderr).not.toContain(secret);
    }
  });

  test.each([
    ['through the proxy', {}],
    ['directly', { HTTPS_PROXY: '' }],
  ])('its server must be trusted too: %s', async (_name, more) => {
    const { server, cwd, env, sts: lender } = await roleScene('other');
    const put = await ssec(['put', 'sample.txt'], cwd, {
      ...env,
      ...more,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    });
    expect(put.status).toBe(2);
    expect(put.stderr).toMatch(/certificate of .* is not trusted/);
    expect(lender.requests).toEqual([]);
    expect(server.requests).toEqual([]);
  });
});

describe('credentials that are refused', () => {
  test('by STS: it is not S3 that refused', async () => {
    const certificate = await makeCertificate(new Date());
    const made = await scene({ certificate });
    const { cwd, env } = made;
    const denied = await startWireServer(
      () => ({
        status: 403,
        headers: { 'content-type': 'text/xml' },
        body: '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>',
      }),
      { certificate },
    );
    onTestFinished(() => denied.close());
    writeFileSync(
      join(cwd, 'config'),
      '[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = basesecretbasesecret\n' +
        '[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = base\n',
    );
    const more = {
      AWS_ACCESS_KEY_ID: '',
      AWS_CONFIG_FILE: join(cwd, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'none'),
      PROFILE: 'role',
      AWS_ENDPOINT_URL_STS: denied.endpoint,
    };
    const got = await ssec(['get', 'sample.txt'], cwd, { ...env, ...more });
    expect(got.status).toBe(4);
    expect(got.stderr).toContain('The credentials of the profile "role" could not be had');
    expect(got.stderr).toContain('not authorized to perform: sts:AssumeRole');
    expect(made.server.requests).toEqual([]);
  });
});

describe('SSO', () => {
  test('is asked in its own region, and its proxy failing is one of the network', async () => {
    const { proxy, cwd, env } = await scene({ refuse: 403 });
    writeFileSync(
      join(cwd, 'config'),
      '[profile sso]\nsso_start_url = https://example.awsapps.com/start\nsso_region = eu-central-1\n' +
        'sso_account_id = 123456789012\nsso_role_name = r\nregion = us-east-1\n',
    );
    const cache = join(cwd, '.aws/sso/cache');
    mkdirSync(cache, { recursive: true });
    const name = createHash('sha1').update('https://example.awsapps.com/start').digest('hex');
    writeFileSync(
      join(cache, `${name}.json`),
      JSON.stringify({ accessToken: 'TOKENTOKENTOKEN', expiresAt: '2099-01-01T00:00:00Z' }),
    );
    const put = await ssec(['put', 'sample.txt'], cwd, {
      ...env,
      HOME: cwd,
      AWS_ACCESS_KEY_ID: '',
      AWS_CONFIG_FILE: join(cwd, 'config'),
      PROFILE: 'sso',
    });
    expect([...new Set(targets(proxy))]).toEqual(['portal.sso.eu-central-1.amazonaws.com:443']);
    expect(put.status).toBe(9);
    expect(put.stderr).toContain('The proxy did not open the way to the service that lends the credentials');
  });
});

describe('the library', () => {
  const stored: WireHandler = (request) => ({ status: 200, headers: echoOf(request) });

  test('three requests cost one CONNECT', async () => {
    await using server = await startWireServer(stored);
    await using proxy = await startConnectProxy();
    const client = clientOf(server, { proxyFor: () => proxy.url });
    for (const key of ['a', 'b', 'c']) {
      await putObject({
        client,
        bucket: 'bucket',
        key,
        customerKey,
        source: new BytesSource(Buffer.from(key)),
      });
    }
    expect(server.requests).toHaveLength(3);
    expect(proxy.connects).toHaveLength(1);
    expect(server.connections()).toBe(1);
    client.close();
  });

  test('virtual addressing puts the bucket into the host', async () => {
    await using server = await startWireServer(stored);
    // a name that no DNS knows; the certificate does
    await using proxy = await startConnectProxy({ route: () => ({ host: '127.0.0.1', port: server.port }) });
    const client = clientOf(server, {
      endpoint: `https://s3.localhost:${server.port}`,
      addressing: 'virtual',
      proxyFor: () => proxy.url,
    });
    await putObject({
      client,
      bucket: 'bucket',
      key: 'k',
      customerKey,
      source: new BytesSource(Buffer.from('x')),
    });
    expect(server.requests.map(({ path, headers }) => [headers['host'], path])).toEqual([
      [`bucket.s3.localhost:${server.port}`, '/k?x-id=PutObject'],
    ]);
    expect(targets(proxy)).toEqual([`bucket.s3.localhost:${server.port}`]);
    client.close();
  });

  test('requests and their outcome are told, and nothing secret of them', async () => {
    await using server = await startWireServer((request, index) =>
      index === 0 ? { status: 503 } : stored(request, 0),
    );
    const events: unknown[] = [];
    const client = clientOf(server, { onRequest: (event) => events.push(event) });
    await putObject({
      client,
      bucket: 'bucket',
      key: 'k',
      customerKey,
      source: new BytesSource(Buffer.from('x')),
    });
    expect(events).toMatchObject([
      { method: 'PUT', path: '/bucket/k?x-id=PutObject', attempt: 1, status: 503 },
      { method: 'PUT', path: '/bucket/k?x-id=PutObject', attempt: 2, status: 200 },
    ]);
    const told = JSON.stringify(events);
    for (const secret of [
      customerKey.toBase64().slice(0, 8),
      customerKey.md5,
      'SECRET',
      'AKID',
      'Signature',
    ]) {
      expect(told).not.toContain(secret);
    }
    client.close();
  });
});
