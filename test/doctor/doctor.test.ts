import {
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SandboxOptions, startSandbox } from 'ssec-sandbox';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sseCPolicy } from '../../src/sse-c-policy.ts';
import { interruption } from '../../src/cli/io.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { hideMachineCredentials } from '../support/machine-credentials.ts';
import { type CliOptions, runCli } from '../support/run-cli.ts';
import { SecretSearch } from '../support/secret-search.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

hideMachineCredentials();

const KEY = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';
const freshFolder = temporaryFolders('doctor');

interface Finding {
  readonly Check: string;
  readonly Status: string;
  readonly Message: string;
  readonly Hints: readonly string[];
  readonly Code: string | null;
}

/** A sandbox with the bucket `my-bucket`, and a user who has all that it takes. */
async function openSandbox(options: SandboxOptions = {}) {
  const requests: string[] = [];
  const listeners: ((operation: string) => void)[] = [];
  const sandbox = await startSandbox({
    ...options,
    onRequest: ({ operation }) => {
      requests.push(operation);
      for (const listener of listeners) listener(operation);
    },
  });
  onTestFinished(() => sandbox.close());
  await sandbox.createBucket('my-bucket');
  const cwd = freshFolder();
  const env: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    ...sandbox.env('my-bucket'),
    SSE_CUSTOMER_KEY_BASE64: KEY,
    AWS_CONFIG_FILE: join(cwd, 'aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(cwd, 'aws-credentials'),
  };
  const examine = async (
    argv: readonly string[] = [],
    extra: Record<string, string | undefined> = {},
    more: Partial<CliOptions> = {},
  ) => {
    requests.length = 0;
    const result = await runCli(['doctor', '--json', ...argv], { cwd, env: { ...env, ...extra }, ...more });
    const findings = result.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Finding);
    const of = (status: string): Finding[] => findings.filter(({ Status }) => Status === status);
    return { ...result, findings, of };
  };
  const listed = async (): Promise<readonly (string | undefined)[]> => {
    const s3 = plainClient(accessTo(sandbox));
    try {
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'my-bucket' }));
      return (Contents ?? []).map(({ Key }) => Key);
    } finally {
      s3.destroy();
    }
  };
  return { sandbox, cwd, env, requests, listeners, examine, listed };
}

test('where all is well', async () => {
  const { examine, listed } = await openSandbox();
  const { code, findings, of, stderr } = await examine();
  expect(of('failure')).toEqual([]);
  expect(of('warning').map(({ Message }) => Message)).toEqual([
    'no lifecycle rule aborts all unfinished uploads: their parts are stored, and cost money, until somebody does',
  ]);
  const checks = [...new Set(findings.map(({ Check }) => Check))];
  for (const check of [
    'program',
    'setting',
    'key',
    'tls',
    'clock',
    'credentials',
    'bucket',
    'region',
    'list',
  ])
    expect(checks).toContain(check);
  for (const check of ['write', 'locked', 'read', 'ability', 'delete']) expect(checks).toContain(check);
  expect(findings.find(({ Check }) => Check === 'locked')?.Status).toBe('ok');
  expect(of('ok').map(({ Message }) => Message)).toContain(
    'the server copies from one customer key to another by itself',
  );
  expect(code).toBe(0);
  expect(JSON.parse(stderr)).toMatchObject({ type: 'notice' });
  expect(await listed()).toEqual([]);
});

test.each(['refuse', 'ignore'] as const)('a server that knows less: %s', async (how) => {
  const { examine, listed } = await openSandbox({ copies: how, attributes: how });
  const { of } = await examine();
  expect(of('failure')).toEqual([]);
  expect(of('warning').map(({ Message }) => Message)).toEqual(
    expect.arrayContaining([
      'the server does not know GetObjectAttributes',
      'the server does not copy between customer keys: an object goes to another key by get and put',
    ]),
  );
  // nor is a plain copy left there
  expect(await listed()).toEqual([]);
});

test('for a person: a word, a sentence, its hints', async () => {
  const { cwd, env } = await openSandbox();
  const result = await runCli(['doctor', '--no-write'], {
    cwd,
    env: { ...env, SSE_CUSTOMER_KEY_BASE64: undefined },
  });
  expect(result.stdout).toContain(
    'failure  There is no customer key.\n         hint: make one: ssec keygen --env\n         hint: or one for every folder, in the key ring: ssec keys add NAME\n         hint: or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64\n',
  );
  expect(result.stdout).toContain('ok       bucket: my-bucket (BUCKET_NAME in the environment)\n');
  expect(result.stderr).toBe('ssec: One check failed.\n');
  expect(result.code).toBe(6);
});

test('what the bucket says of itself, and who asks', async () => {
  const { examine, sandbox } = await openSandbox();
  const s3 = plainClient(accessTo(sandbox));
  const lifecycle = {
    Rules: [
      { Filter: {}, Status: 'Enabled' as const, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } },
    ],
  };
  const Policy = sseCPolicy({ bucket: 'my-bucket', rule: 'demand', region: 'us-east-1' });
  try {
    await s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: 'my-bucket', LifecycleConfiguration: lifecycle }),
    );
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'my-bucket', Policy }));
  } finally {
    s3.destroy();
  }
  const { code, findings } = await examine();
  const said = (check: string): string[] =>
    findings.filter(({ Check }) => Check === check).map(({ Status, Message }) => `${Status}: ${Message}`);
  expect(said('lifecycle')).toEqual(['ok: unfinished uploads are aborted after 7 days']);
  expect(said('policy')).toEqual([expect.stringMatching(/^ok: in its policy ".*" demands SSE-C$/)]);
  expect(said('versioning')).toEqual(['ok: it keeps no versions']);
  expect(said('encryption')).toEqual([
    'ok: what comes without a customer key is encrypted by default: AES256',
  ]);
  expect(said('identity')).toEqual([expect.stringMatching(/^ok: you are arn:aws:iam::\d+:user\//)]);
  expect(code).toBe(0);
});

test('the status has a colour where colour is wanted', async () => {
  const { cwd, env } = await openSandbox();
  const asked = (extra: Record<string, string>) =>
    runCli(['doctor', '--no-write'], { cwd, env: { ...env, ...extra } });
  const painted = (await asked({ FORCE_COLOR: '1' })).stdout;
  expect(painted.startsWith('\u001b[32mok\u001b[39m       ssec ')).toBe(true);
  expect((await asked({ FORCE_COLOR: '1', NO_COLOR: '1' })).stdout).toMatch(/^ok {7}ssec /);
});

test('--no-write sends nothing that writes', async () => {
  const { examine, requests } = await openSandbox();
  const { code, findings } = await examine(['--no-write']);
  expect(code).toBe(0);
  expect(requests.filter((operation) => /^(Put|Copy|Delete|Create)/.test(operation))).toEqual([]);
  expect(findings.some(({ Check }) => Check === 'write')).toBe(false);
});

test('no secret is shown, and the object is put under a key of its own', async () => {
  const { examine, sandbox, requests } = await openSandbox();
  const { stdout, stderr } = await examine(['-v']);
  expect(requests).toContain('PutObject');
  const secrets = new SecretSearch();
  secrets.addKey('the customer key', Buffer.from(KEY, 'base64'));
  secrets.addText('the secret access key', sandbox.secretAccessKey);
  expect([...secrets.search('stdout', stdout), ...secrets.search('stderr', stderr)]).toEqual([]);
});

test('a prefix is what the object is called after', async () => {
  const { examine, sandbox, listed, env } = await openSandbox({ denyActions: ['s3:DeleteObject'] });
  const { code, of } = await examine([`s3://my-bucket/incoming/`]);
  expect(code).toBe(0);
  const [left] = await listed();
  expect(left).toMatch(/^incoming\/ssec-doctor-/);
  expect(of('warning')).toContainEqual(
    expect.objectContaining({
      Check: 'delete',
      Message: `s3://my-bucket/${String(left)} could not be deleted again: you may not delete it`,
      Hints: [
        'ask for s3:DeleteObject',
        `delete it: aws s3api delete-object --bucket my-bucket --key ${String(left)} --region us-east-1 --endpoint-url ${sandbox.endpoint} --ca-bundle ${String(env['AWS_CA_BUNDLE'])}`,
      ],
    }),
  );
});

describe('partial permissions: what cannot be asked is said', () => {
  test.for([
    ['s3:ListBucket', ['list', 'region']],
    ['s3:GetObject', ['locked', 'read']],
    ['s3:GetEncryptionConfiguration', ['encryption']],
    ['s3:GetBucketPolicy', ['policy']],
    ['s3:GetBucketVersioning', ['versioning']],
    ['s3:GetLifecycleConfiguration', ['lifecycle']],
  ] as const)('without %s', async ([action, checks]) => {
    const { examine, listed } = await openSandbox({ denyActions: [action] });
    const { code, of } = await examine();
    const unknown = of('unknown').map(({ Check }) => Check);
    for (const check of checks) expect(unknown).toContain(check);
    expect(of('failure')).toEqual([]);
    expect(code).toBe(0);
    if (action !== 's3:ListBucket') expect(await listed()).toEqual([]);
  });

  test('without s3:PutObject there is no round trip, and that is a failure', async () => {
    const { examine } = await openSandbox({ denyActions: ['s3:PutObject'] });
    const { code, of } = await examine();
    expect(of('failure')).toMatchObject([{ Check: 'write', Code: 'ACCESS_DENIED' }]);
    expect(code).toBe(4);
  });
});

describe('what fails', () => {
  test('a bucket that blocks SSE-C: no object is tried', async () => {
    const { examine, requests } = await openSandbox({ blockSseC: true });
    const { code, of } = await examine();
    expect(of('failure')).toMatchObject([
      {
        Check: 'sse-c-block',
        Code: 'SSEC_BLOCKED',
        Hints: ['allow it: ssec bucket allow-sse-c -b my-bucket'],
      },
    ]);
    expect(of('unknown')).toMatchObject([{ Check: 'write' }]);
    expect(requests).not.toContain('PutObject');
    expect(code).toBe(4);
  });

  test('a bucket that blocks SSE-C, and may not be asked', async () => {
    const { examine } = await openSandbox({
      blockSseC: true,
      denyActions: ['s3:GetEncryptionConfiguration'],
    });
    const { code, of } = await examine();
    expect(of('failure')).toMatchObject([{ Check: 'write', Code: 'SSEC_BLOCKED' }]);
    expect(code).toBe(4);
  });

  test('a policy that forbids SSE-C', async () => {
    const { examine, sandbox } = await openSandbox();
    const s3 = plainClient(accessTo(sandbox));
    const Policy = sseCPolicy({ bucket: 'my-bucket', rule: 'forbid', region: 'us-east-1' });
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'my-bucket', Policy }));
    s3.destroy();
    const { code, of } = await examine();
    expect(of('failure')).toMatchObject([
      { Check: 'policy', Code: 'ACCESS_DENIED' },
      { Check: 'write', Code: 'ACCESS_DENIED' },
    ]);
    expect(code).toBe(4);
  });

  test('a server that takes the key and does not use it', async () => {
    const { examine, listed } = await openSandbox({ sseC: 'ignore' });
    const { code, of } = await examine();
    expect(await listed()).toEqual([]);
    expect(of('failure')).toMatchObject([{ Check: 'write', Code: 'KEY_IGNORED' }]);
    expect(code).toBe(6);
  });

  test('a key that is none, beside a bucket that is none: the first failure gives the exit code', async () => {
    const { examine } = await openSandbox();
    const { code, of, stderr } = await examine(['nowhere'], { SSE_CUSTOMER_KEY_BASE64: 'abc' });
    expect(of('failure')).toMatchObject([
      { Check: 'key', Code: 'KEY_MALFORMED' },
      { Check: 'bucket', Code: 'BUCKET_NOT_FOUND' },
    ]);
    expect(code).toBe(6);
    expect(JSON.parse(stderr)).toMatchObject({ Code: 'KEY_MALFORMED', Message: '2 checks failed.' });
  });

  test('a profile that is not there', async () => {
    const { examine, requests } = await openSandbox();
    const { code, of } = await examine(['-p', 'nobody']);
    expect(of('failure')).toMatchObject([{ Check: 'setting', Message: 'There is no AWS profile "nobody".' }]);
    expect(code).toBe(2);
    expect(requests).toEqual([]);
  });

  test('an http endpoint: nothing is sent', async () => {
    const { examine, requests } = await openSandbox();
    const { code, of } = await examine(['--endpoint-url', 'http://127.0.0.1:1']);
    expect(of('failure')).toMatchObject([{ Check: 'setting', Code: 'INSECURE_ENDPOINT' }]);
    expect(code).toBe(2);
    expect(requests).toEqual([]);
  });

  test('no bucket', async () => {
    const { examine } = await openSandbox();
    const { code, of } = await examine([], { BUCKET_NAME: undefined });
    expect(of('failure')).toMatchObject([{ Check: 'setting', Message: 'No bucket was named.' }]);
    expect(code).toBe(2);
  });

  test('two buckets', async () => {
    const { examine } = await openSandbox();
    const { code, of } = await examine(['other', '-b', 'my-bucket']);
    expect(of('failure')).toMatchObject([
      { Check: 'setting', Message: '-b names another bucket than "other"; give one.' },
    ]);
    expect(code).toBe(2);
  });

  test('the bucket of the argument is the one that is looked at', async () => {
    const { examine } = await openSandbox();
    const { of } = await examine(['my-bucket'], { BUCKET_NAME: 'other' });
    expect(of('failure')).toEqual([]);
    expect(of('ok')).toContainEqual(expect.objectContaining({ Message: 'bucket: my-bucket (the argument)' }));
  });

  test('credentials that have expired', async () => {
    const { examine } = await openSandbox({ expiredToken: true });
    const { code, of } = await examine();
    expect(of('failure')).toMatchObject([{ Code: 'CREDENTIALS_EXPIRED' }]);
    expect(code).toBe(4);
  });

  test('a certificate that is not trusted, and nothing on the port', async () => {
    const { examine } = await openSandbox();
    const untrusted = await examine([], { AWS_CA_BUNDLE: undefined });
    expect(untrusted.of('failure')).toMatchObject([{ Check: 'tls', Code: 'TLS_UNTRUSTED' }]);
    expect(untrusted.code).toBe(2);
    const refused = await examine(['--endpoint-url', 'https://127.0.0.1:1']);
    expect(refused.of('failure')).toMatchObject([{ Check: 'tls', Code: 'NETWORK' }]);
    expect(refused.code).toBe(9);
  });

  test('a name that DNS does not know', async () => {
    const { examine } = await openSandbox();
    const { code, of } = await examine(['--endpoint-url', 'https://s3.nowhere.invalid']);
    expect(of('failure')).toMatchObject([{ Check: 'dns', Code: 'NETWORK' }]);
    expect(code).toBe(9);
  });
});

describe('what is worth a warning', () => {
  test('a clock that is wrong', async () => {
    const { examine } = await openSandbox({ clockSkewMs: 3_600_000 });
    const { code, of } = await examine();
    expect(of('warning')).toContainEqual(
      expect.objectContaining({
        Check: 'clock',
        Message: expect.stringContaining("this machine's clock is 60 min behind the server's"),
        Hints: ['set the clock (timedatectl set-ntp true)'],
      }),
    );
    expect(code).toBe(0);
  });

  test('a bucket in another region', async () => {
    const { examine, sandbox } = await openSandbox();
    await sandbox.createBucket('elsewhere', { region: 'eu-central-1' });
    const { code, of } = await examine(['elsewhere']);
    expect(of('warning')).toContainEqual(
      expect.objectContaining({
        Check: 'region',
        Hints: ['set it: AWS_REGION=eu-central-1, or --region eu-central-1'],
      }),
    );
    expect(code).toBe(0);
  });

  test('an env file that others can read, in a git work tree that does not ignore it; tmp/ likewise', async () => {
    const { examine, cwd } = await openSandbox();
    execFileSync('git', ['init', '-q', cwd]);
    writeFileSync(join(cwd, '.env'), `SSE_CUSTOMER_KEY_BASE64=${KEY}\n`);
    chmodSync(join(cwd, '.env'), 0o644);
    const before = await examine(['--no-write'], { SSE_CUSTOMER_KEY_BASE64: undefined });
    expect(
      before
        .of('warning')
        .filter(({ Check }) => Check === 'file')
        .map(({ Check, Hints }) => [Check, ...Hints]),
    ).toEqual([
      ['file', 'chmod 600 .env'],
      ['file', 'echo /.env >> .gitignore'],
      ['file', 'echo tmp/ >> .gitignore'],
    ]);
    chmodSync(join(cwd, '.env'), 0o600);
    writeFileSync(join(cwd, '.gitignore'), '.env\ntmp/\n');
    mkdirSync(join(cwd, 'tmp'));
    const after = await examine(['--no-write'], { SSE_CUSTOMER_KEY_BASE64: undefined });
    expect(after.of('warning').filter(({ Check }) => Check === 'file')).toEqual([]);
  });

  test('certificates that other programs do not check', async () => {
    const { examine } = await openSandbox();
    const { of } = await examine(['--no-write'], { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(of('warning')[0]).toMatchObject({
      Check: 'setting',
      Hints: ['unset NODE_TLS_REJECT_UNAUTHORIZED'],
    });
  });
});

describe('through a proxy', () => {
  test('it is named, without its password', async () => {
    const { examine } = await openSandbox();
    await using proxy = await startConnectProxy();
    const { code, findings, stdout } = await examine([], {
      HTTPS_PROXY: proxy.url.replace('//', '//me:hush-hush@'),
    });
    expect(code).toBe(0);
    expect(findings.find(({ Check }) => Check === 'proxy')?.Message).toMatch(
      /is reached through http:\/\/127\.0\.0\.1:\d+$/,
    );
    expect(stdout).not.toContain('hush-hush');
    expect(proxy.connects.length).toBeGreaterThan(0);
  });

  test('one that refuses', async () => {
    const { examine } = await openSandbox();
    await using proxy = await startConnectProxy({ refuse: 403 });
    const { code, of } = await examine([], { HTTPS_PROXY: proxy.url });
    expect(of('failure')).toMatchObject([{ Check: 'proxy', Code: 'NETWORK' }]);
    expect(code).toBe(9);
  });
});

test('an interruption takes the object away all the same', async () => {
  const { examine, listeners, listed } = await openSandbox();
  const stop = new AbortController();
  listeners.push((operation) => {
    if (operation === 'GetObject') stop.abort(interruption('SIGTERM'));
  });
  const { code, stderr } = await examine([], {}, { signal: stop.signal });
  expect(code).toBe(143);
  const [notice, error] = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(notice).toMatchObject({
    Message: expect.stringMatching(/^s3:.* is taken away first; interrupted once more, it stays there$/),
  });
  expect(error).toMatchObject({ Code: 'CANCELLED' });
  expect(await listed()).toEqual([]);
});

describe('what a failing server does not say', () => {
  test('an ability that could not be asked is not one that lacks', async () => {
    const { examine, listed } = await openSandbox({
      faults: ['fail GetObjectAttributes 500 InternalError x9'],
    });
    const { code, of } = await examine();
    expect(code).toBe(0);
    expect(of('unknown')).toContainEqual(
      expect.objectContaining({
        Check: 'ability',
        Message: expect.stringMatching(/^whether the server knows GetObjectAttributes could not be asked: /),
      }),
    );
    expect(await listed()).toEqual([]);
  });

  test('an object whose answer was lost goes as well', async () => {
    const { examine, listed } = await openSandbox({ faults: ['drop-answer PutObject x9'] });
    const { code, of } = await examine();
    expect(code).toBe(9);
    expect(of('failure')).toMatchObject([{ Check: 'write', Code: 'NETWORK' }]);
    expect(await listed()).toEqual([]);
  });
});

describe('in a bucket with versions nothing is left of the object', () => {
  async function versioned(Status: 'Enabled' | 'Suspended', options: SandboxOptions = {}) {
    const opened = await openSandbox(options);
    const s3 = plainClient(accessTo(opened.sandbox));
    onTestFinished(() => s3.destroy());
    const configuration = { Bucket: 'my-bucket', VersioningConfiguration: { Status } };
    await s3.send(new PutBucketVersioningCommand(configuration));
    const left = async (): Promise<readonly unknown[]> => {
      const { Versions, DeleteMarkers } = await s3.send(
        new ListObjectVersionsCommand({ Bucket: 'my-bucket' }),
      );
      return [...(Versions ?? []), ...(DeleteMarkers ?? [])];
    };
    return { ...opened, left };
  }

  test.each(['Enabled', 'Suspended'] as const)('%s', async (status) => {
    const { examine, left } = await versioned(status);
    const { code } = await examine();
    expect(code).toBe(0);
    expect(await left()).toEqual([]);
  });

  test('where an answer was lost, and it was put twice', async () => {
    const { examine, left } = await versioned('Enabled', { faults: ['drop-answer PutObject'] });
    const { code, of } = await examine();
    expect(code).toBe(0);
    expect(of('ok')).toContainEqual(expect.objectContaining({ Check: 'delete' }));
    expect(await left()).toEqual([]);
  });

  test('where all answers were lost', async () => {
    const { examine, left } = await versioned('Enabled', { faults: ['drop-answer PutObject x9'] });
    const { code } = await examine();
    expect(code).toBe(9);
    expect(await left()).toEqual([]);
  });

  test('and where that cannot be, it is said', async () => {
    const { examine } = await versioned('Enabled', {
      faults: ['drop-answer PutObject x9'],
      denyActions: ['s3:ListBucketVersions', 's3:GetObject'],
    });
    const { of } = await examine();
    expect(of('failure')).toMatchObject([
      {
        Check: 'write',
        Hints: expect.arrayContaining([
          expect.stringMatching(
            /^s3:\/\/my-bucket\/ssec-doctor-.* may have been left: only a delete marker could be set/,
          ),
        ]),
      },
    ]);
  });
});

describe('how long credentials last', () => {
  const lent = (expiration: string): string =>
    JSON.stringify({
      Version: 1,
      AccessKeyId: 'A',
      SecretAccessKey: 'S',
      SessionToken: 'T',
      Expiration: expiration,
    });

  async function withProcess(minutes: number) {
    const opened = await openSandbox();
    const at = new Date(Date.now() + minutes * 60_000).toISOString();
    writeFileSync(join(opened.cwd, 'lent.json'), lent(at));
    writeFileSync(
      join(opened.cwd, 'aws-config'),
      `[profile lent]\ncredential_process = cat ${join(opened.cwd, 'lent.json')}\n`,
    );
    return opened.examine(['-p', 'lent']);
  }

  test('expired', async () => {
    const { code, of } = await withProcess(-5);
    expect(of('failure')).toContainEqual(
      expect.objectContaining({ Check: 'credentials', Code: 'CREDENTIALS_EXPIRED' }),
    );
    expect(code).toBe(4);
  });

  test('about to', async () => {
    const { of } = await withProcess(5);
    expect(of('warning')).toContainEqual(
      expect.objectContaining({
        Check: 'credentials',
        Message: expect.stringMatching(/^the credentials expire soon, at /),
      }),
    );
  });

  test('of a session token nobody knows', async () => {
    const { examine } = await openSandbox();
    const { of } = await examine([], { AWS_SESSION_TOKEN: 'token' });
    expect(of('ok')).toContainEqual(
      expect.objectContaining({ Message: 'there are temporary credentials; when they expire is not known' }),
    );
  });
});
