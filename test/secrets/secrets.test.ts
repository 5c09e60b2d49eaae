import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type SandboxOptions, startSandbox } from 'ssec-sandbox';
import { describe, expect, test, vi } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { SecretSearch, keyForms } from '../support/secret-search.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { type WireAnswer, type WireRequest, echoOf, startWireServer } from '../support/wire-server.ts';

vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

const freshFolder = temporaryFolders('secrets');
const keyBytes = randomBytes(32);
const key = keyBytes.toString('base64');
const otherKeyBytes = randomBytes(32);
const otherKey = otherKeyBytes.toString('base64');
const secretAccessKey = randomBytes(30).toString('base64');
const sessionToken = randomBytes(60).toString('base64');

const modes: readonly (readonly string[])[] = [
  [],
  ['--json'],
  ['--quiet'],
  ['--verbose'],
  ['--json', '--verbose'],
];
const commands: readonly (readonly string[])[] = [
  ['put', 'data'],
  ['get', 'there', '-o', 'copy'],
  ['bucket', 'allow-sse-c'],
];
const variants: readonly (readonly string[])[] = [
  ['put', 'data', '--no-overwrite'],
  ['get', 'there'],
  ['verify', 'there', 'data', '--locked', '--read'],
];

const allSecrets = makeSearch({ keys: true });
/** For a command that has nothing to do with the key, on a server that says it without having been told. */
const credentials = makeSearch({ keys: false });

function makeSearch({ keys }: { keys: boolean }): SecretSearch {
  const secrets = new SecretSearch();
  if (keys) secrets.addKey('the customer key', keyBytes);
  if (keys) secrets.addKey('the other key', otherKeyBytes);
  secrets.addText('the secret access key', secretAccessKey);
  secrets.addText('the session token', sessionToken);
  return secrets;
}

/** All forms of the key and the credentials, whole and in parts that are as long as a part may not be. */
function everything(request: WireRequest): string {
  const forms = [
    ...Object.values(keyForms(keyBytes)),
    sessionToken,
    encodeURIComponent(sessionToken),
    secretAccessKey,
  ];
  const parts = forms.flatMap((form) => [form.slice(0, 12), form.slice(7, 19), form.slice(-12)]);
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return [...forms, ...parts, ...headers].join(' | ');
}

const escapeXml = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[&<>\u0000-\u001f\u007f-\uffff]/g, (c) => `&#${c.charCodeAt(0)};`).replace(/&#[0-8];/g, '?');
const header = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');

function refusal(status: number, code: string): (request: WireRequest) => WireAnswer {
  return (request) => {
    const text = escapeXml(everything(request));
    return {
      status,
      headers: { 'x-amz-request-id': key, 'x-amz-id-2': sessionToken, 'content-type': 'application/xml' },
      body: `<?xml version="1.0"?><Error><Code>${escapeXml(code)}</Code><Message>${text}</Message><ArgumentName>x</ArgumentName><ArgumentValue>${key}</ArgumentValue><RequestId>${key}</RequestId><HostId>${text}</HostId><Region>${key}</Region></Error>`,
    };
  };
}

/** The object's head, full of secrets. */
function hostileHead(request: WireRequest): Record<string, string> {
  return {
    etag: `"${key}"`,
    'x-amz-version-id': keyBytes.toString('hex'),
    'x-amz-request-id': key,
    'content-type': header(everything(request)).slice(0, 2000),
    'x-amz-meta-a': key,
    [`x-amz-meta-${keyBytes.toString('hex')}`]: sessionToken,
    'content-range': `bytes 0-1/2 ${key}`,
  };
}

const hostile: Readonly<Record<string, (request: WireRequest) => WireAnswer>> = {
  '400 InvalidArgument': refusal(400, 'InvalidArgument'),
  '400 with the key as code': refusal(400, key),
  '403 AccessDenied': refusal(403, 'AccessDenied'),
  '403 SignatureDoesNotMatch': refusal(403, 'SignatureDoesNotMatch'),
  '412': refusal(412, 'PreconditionFailed'),
  '501': refusal(501, 'NotImplemented'),
  '500, three times': refusal(500, 'InternalError'),
  'a redirect': (request) => ({
    ...refusal(301, 'PermanentRedirect')(request),
    headers: { location: `https://127.0.0.1/${encodeURIComponent(key)}`, 'x-amz-bucket-region': key },
  }),
  'an HTML page': (request) => ({
    status: 403,
    headers: { 'content-type': 'text/html', server: key },
    body: `<html><title>${key}</title><body>${everything(request)}</body></html>`,
  }),
  'a page that is no XML': (request) => ({ status: 400, body: everything(request) }),
  'a success that is none': (request) => ({ status: 200, headers: hostileHead(request), body: 'xy' }),
  success: (request) => ({
    status: 200,
    headers: { ...hostileHead(request), ...echoOf(request) },
    body: request.method === 'GET' ? 'xy' : '',
  }),
  'a wrong checksum': (request) => ({
    status: 200,
    headers: {
      ...hostileHead(request),
      ...echoOf(request),
      'x-amz-checksum-crc32': key,
      'content-range': '',
    },
    body: request.method === 'GET' ? 'xy' : '',
  }),
  'a broken connection': (request) => ({
    status: 200,
    headers: { ...hostileHead(request), ...echoOf(request) },
    body: Buffer.alloc(1000),
    cut: { after: 100, by: 'end' },
  }),
  'an encryption configuration': (request) => ({
    status: 200,
    body: `<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>${escapeXml(everything(request))}</SSEAlgorithm><KMSMasterKeyID>${key} ${sessionToken}</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>${request.method === 'GET' ? sessionToken : 'NONE'}</EncryptionType></BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>`,
  }),
};

interface Place {
  readonly cwd: string;
  readonly env: Record<string, string | undefined>;
  readonly stdin?: Buffer;
}

/** What a test itself puts there: the key is in some of it. */
const isGiven = (path: string): boolean => ['ca.pem', 'my.key', 'other.key', '.env'].includes(basename(path));

/** A folder with a file to put; all that may be written goes below it. */
function openPlace(extra: Record<string, string | undefined>): Place {
  const cwd = freshFolder();
  writeFileSync(join(cwd, 'data'), 'hello');
  const env = {
    PATH: process.env['PATH'],
    HOME: cwd,
    TMPDIR: cwd,
    BUCKET_NAME: 'my-bucket',
    AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    SSE_CUSTOMER_KEY_BASE64: key,
    ...extra,
  };
  return { cwd, env };
}

async function leaksOf(
  argv: readonly string[],
  place: Place,
  secrets = allSecrets,
): Promise<{ leaks: string[]; code: number }> {
  const result = await runCli(argv, place);
  const leaks = [
    ...secrets.search('stdout', result.stdoutBytes),
    ...secrets.search('stderr', result.stderr),
    ...secrets.searchFolder(place.cwd, isGiven),
  ];
  // a signature is worth 15 minutes of the request that it signs
  for (const [text] of `${result.stdout}${result.stderr}`.matchAll(/Signature(?:=|: ?)[0-9a-f]{12}/gi))
    leaks.push(text);
  return { leaks, code: result.code };
}

describe.concurrent('a hostile server', () => {
  test.for(Object.entries(hostile))('%s', async ([, answer]) => {
    const server = await startWireServer(answer);
    try {
      for (const command of [...commands, ...variants]) {
        for (const mode of modes) {
          // its waits between tries make it slow
          if (server.requests.length > 60 && answer === hostile['500, three times']) break;
          const place = openPlace({ AWS_ENDPOINT_URL_S3: server.endpoint });
          place.env['AWS_CA_BUNDLE'] = join(place.cwd, 'ca.pem');
          writeFileSync(place.env['AWS_CA_BUNDLE'], server.caPem);
          const argv = [...command, ...mode];
          const secrets = argv[0] === 'bucket' ? credentials : allSecrets;
          expect({ argv, ...(await leaksOf(argv, place, secrets)) }).toMatchObject({ leaks: [] });
        }
      }
      expect(server.requests.length).toBeGreaterThan(0);
    } finally {
      await server.close();
    }
  });
});

describe.concurrent('the sandbox', () => {
  const situations: Readonly<
    Record<
      string,
      { options?: SandboxOptions; env?: Record<string, string | undefined>; fails: 'put' | 'get' | 'none' }
    >
  > = {
    success: { fails: 'none' },
    'a wrong key': { env: { SSE_CUSTOMER_KEY_BASE64: otherKey }, fails: 'get' },
    'a key that is blocked': { options: { blockSseC: true }, fails: 'put' },
    'a key that is ignored': { options: { sseC: 'ignore' }, fails: 'put' },
    'a key that is refused': { options: { sseC: 'refuse' }, fails: 'put' },
    'a wrong secret': { env: { AWS_SECRET_ACCESS_KEY: `${secretAccessKey}x` }, fails: 'put' },
    'a wrong token': { env: { AWS_SESSION_TOKEN: `${sessionToken}x` }, fails: 'put' },
    'expired credentials': { options: { expiredToken: true }, fails: 'put' },
    'no bucket': { env: { BUCKET_NAME: 'no-such-bucket' }, fails: 'put' },
    'an untrusted certificate': { env: { AWS_CA_BUNDLE: undefined }, fails: 'put' },
    'a closed port': { env: { AWS_ENDPOINT_URL_S3: 'https://127.0.0.1:1' }, fails: 'put' },
    'a cut key': { env: { SSE_CUSTOMER_KEY_BASE64: key.slice(0, 40) }, fails: 'put' },
    'a key with a stray character': { env: { SSE_CUSTOMER_KEY_BASE64: `${key}!` }, fails: 'put' },
    'a key encoded twice': {
      env: { SSE_CUSTOMER_KEY_BASE64: Buffer.from(key).toString('base64') },
      fails: 'put',
    },
    'a URL-safe key': {
      env: { SSE_CUSTOMER_KEY_BASE64: `-${keyBytes.toString('base64url').slice(1)}` },
      fails: 'put',
    },
    'a key that is no match for its MD5': { env: { SSE_CUSTOMER_KEY_MD5: key }, fails: 'put' },
    'the key in KEY': { env: { KEY: key }, fails: 'put' },
  };

  test.for(Object.entries(situations))('%s', async ([, { options, env, fails }]) => {
    const sandbox = await startSandbox({ ...options, secretAccessKey, sessionToken });
    try {
      await sandbox.createBucket('my-bucket');
      await runCli(['put', 'data', 'there'], openPlace(sandbox.env('my-bucket')));
      for (const command of commands) {
        for (const mode of modes) {
          const good = { ...sandbox.env('my-bucket'), AWS_CA_BUNDLE: sandbox.caFile };
          const place = openPlace({ ...good, ...env });
          const { leaks, code } = await leaksOf([...command, ...mode], place);
          expect({ argv: [...command, ...mode], leaks }).toMatchObject({ leaks: [] });
          if (fails === command[0]) expect(code).not.toBe(0);
          if (fails === 'none') expect(code).toBe(0);
        }
      }
      expect(allSecrets.searchFolder(sandbox.dir)).toEqual([]);
    } finally {
      await sandbox.close();
    }
  });
});

describe.concurrent('two keys in one request', () => {
  const rekey = ['rekey', 'there', '--to-key-file', 'other.key'];
  const many = ['rekey', '-r', 't', '--to-key-file', 'other.key'];
  const argvs: readonly (readonly string[])[] = [
    rekey,
    [...rekey, '--through-client'],
    [...rekey, '--dry-run'],
    ['rekey', 'there', 'elsewhere', '--to-key-file', 'other.key'],
    ['rekey', 'there', '--to', 'none'],
    ['rekey', 'there', '--to', otherKey.slice(0, 43)],
    many,
    [...many, '--through-client'],
    [...many, '--plan'],
    ['verify', 'there', 'data', '--locked'],
    ['verify', 'there', '--read', '--key-file', 'my.key'],
    ['verify', '-r', 't', '--key-file', 'my.key'],
  ];

  /** What a second try would print, the first prints as well. */
  const once = ['--max-attempts', '1'];

  /** Both keys in files, in three spellings, the old one in the environment as well. */
  function openTwo(env: Record<string, string | undefined>, spelling: 'raw' | 'base64' | 'hex'): Place {
    const place = openPlace({ ...env, SSEC_KEYRING: '' });
    for (const [name, bytes] of [
      ['my.key', keyBytes],
      ['other.key', otherKeyBytes],
    ] as const) {
      const content = spelling === 'raw' ? bytes : bytes.toString(spelling);
      writeFileSync(join(place.cwd, name), content, { mode: 0o600 });
    }
    return place;
  }

  test.for(Object.entries(hostile))('a hostile server: %s', { timeout: 60_000 }, async ([, answer]) => {
    const server = await startWireServer((request) => {
      // whatever came with the request, the copy's source key too
      const { headers = {}, ...rest } = answer(request);
      return {
        ...rest,
        headers: { ...headers, 'x-amz-meta-b': header(everything(request)).slice(0, 2000) },
      };
    });
    try {
      for (const argv of argvs) {
        for (const mode of [['--verbose'], ['--json', '--verbose']].map((flags) => [...flags, ...once])) {
          const place = openTwo({ AWS_ENDPOINT_URL_S3: server.endpoint }, 'base64');
          place.env['AWS_CA_BUNDLE'] = join(place.cwd, 'ca.pem');
          writeFileSync(place.env['AWS_CA_BUNDLE'], server.caPem);
          const { leaks } = await leaksOf([...argv, ...mode], place);
          expect({ argv: [...argv, ...mode], leaks }).toEqual({ argv: [...argv, ...mode], leaks: [] });
        }
      }
      expect(server.requests.length).toBeGreaterThan(0);
    } finally {
      await server.close();
    }
  });

  const situations: Readonly<Record<string, SandboxOptions>> = {
    success: {},
    'copies that are refused': { copies: 'refuse' },
    'a key that is passed over': { copies: 'ignore' },
    'nothing may be written': { denyActions: ['s3:PutObject'] },
    'a copy that fails after 200': { faults: ['error-in-200 CopyObject InternalError always'] },
  };

  test.for(Object.entries(situations))('the sandbox: %s', { timeout: 60_000 }, async ([name, options]) => {
    const sandbox = await startSandbox({ ...options, secretAccessKey, sessionToken });
    try {
      await sandbox.createBucket('my-bucket');
      const good = { ...sandbox.env('my-bucket'), AWS_CA_BUNDLE: sandbox.caFile };
      for (const spelling of ['raw', 'base64', 'hex'] as const) {
        for (const argv of argvs) {
          const inMode = spelling === 'raw' ? modes : argv === rekey ? [['--json', '--verbose']] : [];
          for (const mode of inMode.map((flags) => [...flags, ...once])) {
            const place = openTwo(good, spelling);
            await runCli(['put', 'data', 'there', '--quiet'], place);
            const { leaks, code } = await leaksOf([...argv, ...mode], place);
            expect({ argv: [...argv, ...mode], leaks }).toEqual({ argv: [...argv, ...mode], leaks: [] });
            if (name === 'success' && argv === rekey) expect(code).toBe(0);
          }
        }
      }
      expect(allSecrets.searchFolder(sandbox.dir)).toEqual([]);
    } finally {
      await sandbox.close();
    }
  });
});

describe.concurrent('the key ring', () => {
  const ringFiles = (path: string): boolean => isGiven(path) || /[/\\]ring[/\\]/.test(path);
  const argvs: readonly (readonly string[])[] = [
    ['keys'],
    ['keys', 'add', 'other', '--key-file', 'other.key'],
    ['keys', 'add', 'same', '--key-file', 'my.key'],
    ['keys', 'add', keyBytes.toString('hex')],
    ['keys', 'add', key.slice(0, 43)],
    ['keys', 'default', 'a'],
    ['keys', 'default', keyBytes.toString('hex')],
    ['keys', 'retire', 'a'],
    ['keys', 'retire', 'b'],
    ['keys', 'export', 'a', '--for', 'curl'],
    ['keys', 'export', 'a', '--for', 'env', '-o', 'my.key'],
    ['keys', 'export', keyBytes.toString('hex'), '--for', 'env', '-o', 'x'],
    ['keys', key.slice(0, 43)],
    ['put', 'data', '--key-name', key.slice(0, 43)],
    ['put', 'data'],
    ['get', 'there', '-o', 'copy'],
    ['doctor', '--no-write'],
  ];

  test.for(argvs.map((argv) => [argv.slice(0, 2).join(' '), argv] as const))('%s', async ([, argv]) => {
    const sandbox = await startSandbox({ secretAccessKey, sessionToken });
    try {
      await sandbox.createBucket('my-bucket');
      for (const mode of modes) {
        const place = openPlace({ ...sandbox.env('my-bucket'), SSE_CUSTOMER_KEY_BASE64: undefined });
        place.env['SSEC_KEYRING'] = 'ring';
        mkdirSync(join(place.cwd, 'ring'), { mode: 0o700 });
        const files = { 'ring/a.key': key, 'ring/default': 'a', 'ring/b.key': key.slice(0, 41) };
        for (const [name, content] of Object.entries({ ...files, 'my.key': key, 'other.key': otherKey }))
          writeFileSync(join(place.cwd, name), content, { mode: 0o644 });
        const result = await runCli([...argv, ...mode], place);
        const leaks = [
          ...allSecrets.search('stdout', result.stdoutBytes),
          ...allSecrets.search('stderr', result.stderr),
          ...allSecrets.searchFolder(place.cwd, (path) => ringFiles(path) || path.endsWith('other.key')),
        ];
        expect({ argv: [...argv, ...mode], leaks }).toMatchObject({ leaks: [] });
      }
    } finally {
      await sandbox.close();
    }
  });
});

describe.concurrent('a key that comes', () => {
  /** Puts the key where it is to come from, and says what the command line needs. */
  type Source = (place: Place, content: Buffer | string) => { argv: readonly string[]; stdin?: Buffer };

  const file = (place: Place, content: Buffer | string): void =>
    writeFileSync(join(place.cwd, 'my.key'), content, { mode: 0o600 });
  const sources: Readonly<Record<string, Source>> = {
    'from a file': (place, content) => {
      file(place, content);
      return { argv: ['--key-file', 'my.key'] };
    },
    'raw, from a file': (place, content) => {
      file(place, content === key ? keyBytes : content);
      return { argv: ['--key-file', 'my.key'] };
    },
    'from a file that the environment names': (place, content) => {
      file(place, content);
      place.env['SSEC_KEY_FILE'] = 'my.key';
      return { argv: [] };
    },
    'from a command': (place, content) => {
      file(place, content);
      return { argv: ['--key-command', 'cat my.key'] };
    },
    'on stdin': (_, content) => ({ argv: ['--key-file', '-'], stdin: Buffer.from(content) }),
    'from ./.env': (place, content) => {
      const lines = `SSE_CUSTOMER_KEY_BASE64=${String(content)}\n`;
      writeFileSync(join(place.cwd, '.env'), lines, { mode: 0o600 });
      return { argv: [] };
    },
  };

  interface Trial {
    readonly command: readonly string[];
    readonly content?: string;
    readonly code: number;
    readonly env?: Readonly<Record<string, string>>;
  }

  async function expectNoLeak(source: Source, env: Record<string, string>, trial: Trial): Promise<void> {
    // the others say less
    for (const mode of [['--verbose'], ['--json', '--verbose']]) {
      const place = openPlace({ ...env, SSE_CUSTOMER_KEY_BASE64: undefined, ...trial.env });
      const { argv, stdin } = source(place, trial.content ?? key);
      const takesKey = trial.command[0] !== 'bucket' || argv.length === 0;
      const line = [...trial.command, ...(takesKey ? argv : []), ...mode];
      const given = stdin === undefined ? place : { ...place, stdin };
      expect({ line, ...(await leaksOf(line, given)) }).toEqual({ line, leaks: [], code: trial.code });
    }
  }

  test.for(Object.entries(sources))('%s, to the sandbox', async ([, source]) => {
    const sandbox = await startSandbox({ secretAccessKey, sessionToken });
    try {
      await sandbox.createBucket('my-bucket');
      await sandbox.createBucket('blocked', { blockSseC: true });
      const env = sandbox.env('my-bucket');
      await runCli(['put', 'data', 'there'], openPlace(env));
      await runCli(['put', 'data', 'locked'], openPlace({ ...env, SSE_CUSTOMER_KEY_BASE64: otherKey }));
      const trials: readonly Trial[] = [
        { command: ['put', 'data'], code: 0 },
        { command: ['get', 'there', '-o', 'copy'], code: 0 },
        { command: ['get', 'locked', '-o', 'copy'], code: 6 },
        { command: ['put', 'data'], content: `${key}!`, code: 6 },
        { command: ['put', 'data'], content: key.slice(0, 40), code: 6 },
        { command: ['put', 'data', '-b', 'blocked'], code: 4 },
        { command: ['get', 'there', '-o', 'copy'], env: { AWS_CA_BUNDLE: '' }, code: 2 },
        { command: ['bucket', 'allow-sse-c'], code: 0 },
        { command: ['bucket', 'allow-sse-c', 'no-such-bucket'], code: 5 },
      ];
      for (const trial of trials) await expectNoLeak(source, env, trial);
      expect(allSecrets.searchFolder(sandbox.dir)).toEqual([]);
    } finally {
      await sandbox.close();
    }
  });

  test.for(Object.entries(sources))('%s, to a server that repeats it', async ([, source]) => {
    const server = await startWireServer(refusal(400, 'InvalidArgument'));
    const folder = freshFolder();
    writeFileSync(join(folder, 'ca.pem'), server.caPem);
    const env = { AWS_ENDPOINT_URL_S3: server.endpoint, AWS_CA_BUNDLE: join(folder, 'ca.pem') };
    try {
      await expectNoLeak(source, env, { command: ['put', 'data'], code: 4 });
      await expectNoLeak(source, env, { command: ['get', 'there', '-o', 'copy'], code: 6 });
    } finally {
      await server.close();
    }
  });
});

describe('a key that is given as the key file', () => {
  const spellings = {
    base64: key,
    'base64 without padding': key.slice(0, 43),
    hex: keyBytes.toString('hex'),
  };

  test.for(Object.entries(spellings))('%s', async ([, spelling]) => {
    for (const mode of modes) {
      const named = openPlace({ SSE_CUSTOMER_KEY_BASE64: undefined, SSEC_KEY_FILE: spelling });
      expect(await leaksOf(['put', 'data', ...mode], named)).toEqual({ leaks: [], code: 5 });
      // what is a key beyond doubt is refused in arguments before anything else
      const place = openPlace({ SSE_CUSTOMER_KEY_BASE64: undefined });
      const { leaks, code } = await leaksOf(['put', 'data', '--key-file', spelling, ...mode], place);
      expect({ leaks, code }).toEqual({ leaks: [], code: spelling === key ? 2 : 5 });
    }
  });
});

describe('keygen', () => {
  test.for(modes.map((mode) => [mode.join(' ') || 'plain', mode] as const))('%s', async ([, mode]) => {
    const place = openPlace({});
    const made = await runCli(['keygen', '--env', 'new.env', ...mode], place);
    const file = await runCli(['keygen', '-o', 'new.key', ...mode], place);
    const secrets = makeSearch({ keys: true });
    for (const name of ['new.env', 'new.key']) {
      const [text = ''] = /[A-Za-z0-9+/]{43}=/.exec(readFileSync(join(place.cwd, name), 'utf8')) ?? [];
      secrets.addKey(name, Buffer.from(text, 'base64'));
    }
    for (const { stdout, stderr } of [made, file])
      expect(secrets.search('output', stdout + stderr)).toEqual([]);
    // the two files are where a key belongs; nothing else was written
    expect(secrets.searchFolder(place.cwd, (path) => /new\.(env|key)$/.test(path))).toEqual([]);
  });
});

describe('what the real command hands on', () => {
  const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));

  function ssec(
    argv: readonly string[],
    { cwd, env }: Place,
  ): Promise<{ code: number | null; output: string }> {
    const child = spawn(process.execPath, [bin, ...argv], { cwd, env, timeout: 15_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    return new Promise((done) => child.once('close', (code) => done({ code, output })));
  }

  const dump = 'env | tee -a "$HOME/environment"';

  function expectDumped(place: Place): void {
    const dumped = readFileSync(join(place.cwd, 'environment'), 'utf8');
    expect(dumped).toContain('PATH=');
    expect(dumped).not.toContain('SSE_CUSTOMER_KEY');
    const secrets = new SecretSearch();
    secrets.addKey('the customer key', keyBytes);
    expect(secrets.searchFolder(place.cwd)).toEqual([]);
  }

  test('a key command and a credential process do not inherit the key', async () => {
    const sandbox = await startSandbox({ secretAccessKey });
    try {
      await sandbox.createBucket('my-bucket');
      const place = openPlace({
        ...sandbox.env('my-bucket'),
        AWS_CA_BUNDLE: sandbox.caFile,
        AWS_ACCESS_KEY_ID: undefined,
        AWS_SECRET_ACCESS_KEY: undefined,
        AWS_SESSION_TOKEN: undefined,
        PROFILE: 'process',
        SSE_CUSTOMER_KEY_MD5: key,
      });
      const lent = JSON.stringify({
        Version: 1,
        AccessKeyId: sandbox.accessKeyId,
        SecretAccessKey: secretAccessKey,
      });
      writeFileSync(join(place.cwd, 'lend'), `#!/bin/sh\n${dump} > /dev/null\necho '${lent}'\n`, {
        mode: 0o700,
      });
      mkdirSync(join(place.cwd, '.aws'));
      writeFileSync(
        join(place.cwd, '.aws', 'config'),
        `[profile process]\ncredential_process = ${join(place.cwd, 'lend')}\n`,
      );
      const command = `${dump} > /dev/null; echo ${otherKey}`;
      const { code, output } = await ssec(['put', 'data', '--verbose', '--key-command', command], place);
      expect({ code, output }).toMatchObject({ code: 0 });
      expect(readFileSync(join(place.cwd, 'environment'), 'utf8').match(/^PATH=/gm)).toHaveLength(2);
      expectDumped(place);
    } finally {
      await sandbox.close();
    }
  });

  test('git does not inherit it either', async () => {
    const place = openPlace({});
    const git = join(place.cwd, 'bin', 'git');
    mkdirSync(dirname(git));
    writeFileSync(git, `#!/bin/sh\n${dump} > /dev/null\nexit 0\n`);
    chmodSync(git, 0o700);
    place.env['PATH'] = `${dirname(git)}:/usr/bin:/bin`;
    const { code } = await ssec(['keygen', '--env', 'new.env'], place);
    expect(code).toBe(0);
    expectDumped(place);
  });

  test('a report of Node.js about a crash does not hold it', async () => {
    const place = openPlace({
      NODE_OPTIONS: '--report-on-signal --report-signal=SIGUSR2',
      AWS_ENDPOINT_URL_S3: 'https://127.0.0.1:1',
    });
    // the command is a child of ssec, so that its parent is who writes the report
    const command = 'kill -USR2 $PPID; while ! ls report*.json > /dev/null 2>&1; do :; done; exit 1';
    await ssec(['put', 'data', '--key-command', command], place);
    expect(readdirSync(place.cwd).filter((name) => name.startsWith('report'))).toHaveLength(1);
    const secrets = new SecretSearch();
    secrets.addKey('the customer key', keyBytes);
    expect(secrets.searchFolder(place.cwd)).toEqual([]);
  });
});

describe('the search itself', () => {
  test.for(Object.entries(keyForms(keyBytes)))('finds a part of the key in %s', ([, form]) => {
    for (const part of [form, form.slice(5, 17), form.slice(-12)]) {
      expect(allSecrets.search('here', Buffer.from(`before ${part} after`, 'latin1'))).not.toEqual([]);
      expect(allSecrets.search('here', `before ${part} after`)).not.toEqual([]);
    }
    expect(allSecrets.search('here', form.slice(0, 11))).toEqual([]);
  });

  test('finds it in files and in their names', () => {
    const cwd = freshFolder();
    mkdirSync(join(cwd, 'a'));
    writeFileSync(join(cwd, 'a', 'b'), keyBytes);
    writeFileSync(join(cwd, `${keyBytes.toString('hex')}.log`), '');
    const found = allSecrets.searchFolder(cwd).join('\n');
    expect(found).toContain(`${join('a', 'b')} shows the customer key, raw`);
    expect(found).toMatch(/the name .*\.log shows the customer key, hex/i);
  });

  test('the hostile server says what must not be repeated', () => {
    const request = {
      method: 'GET',
      path: '/',
      headers: {},
      body: Buffer.alloc(0),
      complete: true,
      connection: 0,
    };
    for (const [name, answer] of Object.entries(hostile)) {
      const { body = '', headers = {} } = answer(request);
      const said = [Buffer.from(body).toString(), ...Object.values(headers)].join('\n');
      expect(allSecrets.search(name, said), name).not.toEqual([]);
    }
    expect(existsSync(fileURLToPath(new URL('../../bin/ssec.js', import.meta.url)))).toBe(true);
  });
});
