import {
  CreateMultipartUploadCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Sandbox, startSandbox } from 'ssec-sandbox';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { SsecError } from '../../src/errors.ts';
import { sseCPolicy } from '../../src/sse-c-policy.ts';
import { accessTo, plainClient } from '../support/plain-client.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

const folder = fileURLToPath(new URL('.', import.meta.url));
const documentation = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');
const freshFolder = temporaryFolders('golden');
const key = 'pO3upElrwuEXSoFwCfnZPdSsmt/xWeFa0N9KgDijwVs=';

let sandbox: Sandbox;
let cwd: string;
let env: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox();
  await sandbox.createBucket('my-bucket');
  await sandbox.createBucket('blocked', { blockSseC: true });
  await sandbox.createBucket('unblocked');
  await sandbox.createBucket('shown');
  cwd = freshFolder();
  writeFileSync(join(cwd, 'page.html'), '<p>hello\n');
  writeFileSync(join(cwd, 'my.key'), key, { mode: 0o644 });
  mkdirSync(join(cwd, 'folder'));
  writeFileSync(join(cwd, 'folder/page.html'), '<p>hello\n');
  env = { ...sandbox.env('my-bucket'), SSE_CUSTOMER_KEY_BASE64: key };
});

afterAll(async () => {
  await sandbox.close();
});

async function lines(
  stream: 'stdout' | 'stderr',
  argv: readonly string[],
  extra: Record<string, string | undefined> = {},
): Promise<unknown[]> {
  const result = await runCli([...argv, '--json'], { cwd, env: { ...env, ...extra } });
  return result[stream]
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
}

/** A ring with an old key and a new one, and an object under the old one. */
async function openRekeying(ring: { readonly SSEC_KEYRING: string } & Record<string, undefined | string>) {
  const folder = join(cwd, ring.SSEC_KEYRING);
  mkdirSync(folder, { mode: 0o700 });
  const keys = { '2026': key, '2027': '6b+WOZ1T3cqZMxgThRcXAQBrS5mXKdDUphvpxptl9/4=' };
  for (const [name, text] of Object.entries(keys))
    writeFileSync(join(folder, `${name}.key`), text, { mode: 0o600 });
  await lines('stdout', ['put', 'page.html', 'rekeyed/page.html', '--key-name', '2026'], ring);
}

/** What differs from run to run, named. */
function normalise(value: unknown): unknown {
  const text = JSON.stringify(value, undefined, 2)
    .replace(/"[^"]*ssec-sandbox-\w{6}\//g, '"{folder}/')
    .replace(/127\.0\.0\.1:\d+/g, '{host}')
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '{uuid}')
    .replace(/\\"[0-9a-f]{32}\\"/g, '\\"{etag}\\"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"{time}"')
    .replace(/("RequestId": )"[0-9A-F]{16}"/g, '$1"{id}"')
    .replace(/("ElapsedMs": )\d+/g, '$1"{milliseconds}"')
    .replace(/("BytesPerSecond": )\d+/g, '$1"{rate}"')
    .replace(/("SSECustomerKey": )"[A-Za-z0-9+/]{43}="/g, '$1"{key}"');
  return JSON.parse(text);
}

const goldens: Readonly<Record<string, () => Promise<unknown>>> = {
  keygen: async () => {
    const [made] = await lines('stdout', ['keygen']);
    return { ...(made as object), SSECustomerKeyMD5: '{md5}' };
  },
  'keygen-env': async () => {
    const [made] = await lines('stdout', ['keygen', '--env', 'new.env']);
    return { ...(made as object), SSECustomerKeyMD5: '{md5}' };
  },
  completion: async () => {
    const [made] = await lines('stdout', ['completion', 'fish']);
    return { ...(made as object), Script: '{script}' };
  },
  put: async () => (await lines('stdout', ['put', 'page.html', '--metadata', 'author=me']))[0],
  get: async () => {
    await lines('stdout', ['put', 'page.html', 'a/page.html', '--metadata', 'author=me']);
    return (await lines('stdout', ['get', 'a/page.html']))[0];
  },
  stat: async () => {
    await lines('stdout', ['put', 'page.html', 'stat.html', '--metadata', 'author=me', '--tag', 'a=b']);
    return (await lines('stdout', ['stat', 'stat.html']))[0];
  },
  verify: async () => {
    await lines('stdout', ['put', 'page.html', 'verified.html']);
    return (await lines('stdout', ['verify', 'verified.html', 'page.html', '--locked']))[0];
  },
  rekey: async () => {
    const ring = { SSEC_KEYRING: 'rekeying', SSE_CUSTOMER_KEY_BASE64: undefined };
    await openRekeying(ring);
    return (await lines('stdout', ['rekey', 'rekeyed/page.html', '--to', '2027'], ring))[0];
  },
  'rekey-plan': async () => {
    const ring = { SSEC_KEYRING: 'planning', SSE_CUSTOMER_KEY_BASE64: undefined };
    await openRekeying(ring);
    const argv = ['rekey', '-r', 'rekeyed/', '--from', '2026', '--to', '2027', '--plan'];
    const [plan] = await lines('stdout', argv, ring);
    return { ...(plan as object), Host: '{host}', Note: '{note}' };
  },
  rm: async () => {
    await lines('stdout', ['put', 'page.html', 'rm.html']);
    return (await lines('stdout', ['rm', '--yes', 'rm.html']))[0];
  },
  presign: async () => {
    const [signed] = await lines('stdout', ['presign', 'get', 'page.html']);
    return { ...(signed as object), URL: '{url}', Expires: '{time}' };
  },
  uploads: async () => {
    const s3 = plainClient(accessTo(sandbox));
    try {
      await s3.send(new CreateMultipartUploadCommand({ Bucket: 'my-bucket', Key: 'begun' }));
    } finally {
      s3.destroy();
    }
    const [upload] = await lines('stdout', ['uploads', 'beg']);
    return { ...(upload as object), UploadId: '{upload id}' };
  },
  ls: async () => {
    await lines('stdout', ['put', 'page.html', 'listed/page.html']);
    return (await lines('stdout', ['ls', 'listed/', '--long']))[0];
  },
  'ls-versions': async () => {
    await lines('stdout', ['put', 'page.html', 'listed/page.html']);
    return (await lines('stdout', ['ls', 'listed/', '--versions']))[0];
  },
  'ls-prefix': async () => {
    await lines('stdout', ['put', 'page.html', 'listed/page.html']);
    return (await lines('stdout', ['ls', 'list']))[0];
  },
  'ls-summary': async () => {
    await lines('stdout', ['put', 'page.html', 'listed/page.html']);
    return (await lines('stdout', ['ls', 'listed/', '--summary']))[0];
  },
  'get-range': async () => {
    await lines('stdout', ['put', 'page.html', 'range.html']);
    return (await lines('stdout', ['get', 'range.html', '--range', '3-7', '-o', 'part']))[0];
  },
  'get-plain': async () => {
    const client = plainClient(accessTo(sandbox));
    await client.send(new PutObjectCommand({ Bucket: 'my-bucket', Key: 'plain', Body: 'hello' }));
    client.destroy();
    return (await lines('stdout', ['get', 'plain', '-o', 'copy'], { SSE_CUSTOMER_KEY_BASE64: '' }))[0];
  },
  'bucket-allow-sse-c': async () => (await lines('stdout', ['bucket', 'allow-sse-c', 'blocked']))[0],
  doctor: async () =>
    (await lines('stdout', ['doctor', '--no-write'], { SSE_CUSTOMER_KEY_BASE64: '' })).find(
      (finding) => (finding as { Status: string }).Status === 'failure',
    ),
  'bucket-block-sse-c': async () => (await lines('stdout', ['bucket', 'block-sse-c', 'unblocked']))[0],
  'bucket-policy': async () => (await lines('stdout', ['bucket', 'policy']))[0],
  'bucket-show': async () => {
    const s3 = plainClient(accessTo(sandbox));
    const Policy = sseCPolicy({ bucket: 'shown', rule: 'demand', region: 'us-east-1' });
    const rule: LifecycleRule = {
      Filter: {},
      Status: 'Enabled',
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    };
    try {
      await s3.send(new PutBucketPolicyCommand({ Bucket: 'shown', Policy }));
      await s3.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket: 'shown',
          LifecycleConfiguration: { Rules: [rule] },
        }),
      );
    } finally {
      s3.destroy();
    }
    return (await lines('stdout', ['bucket', 'show', 'shown']))[0];
  },
  sandbox: async () => {
    // a signal that is there from the start: it says what it is, and ends
    const signals = {
      on: (signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void) => {
        if (signal === 'SIGTERM') queueMicrotask(() => listener(signal));
      },
      off: () => undefined,
    };
    const result = await runCli(['sandbox', '--json'], { cwd, env: {}, signals });
    return JSON.parse(result.stdout) as unknown;
  },
  keys: async () => {
    mkdirSync(join(cwd, 'listed'), { mode: 0o700 });
    writeFileSync(join(cwd, 'listed/2026.key'), key, { mode: 0o600 });
    writeFileSync(join(cwd, 'listed/default'), '2026');
    return (await lines('stdout', ['keys'], { SSEC_KEYRING: 'listed' }))[0];
  },
  'keys-add': async () => {
    const [made] = await lines('stdout', ['keys', 'add', '2026'], { SSEC_KEYRING: 'added' });
    return { ...(made as object), Path: '{folder}/2026.key', SSECustomerKeyMD5: '{md5}' };
  },
  'keys-default': async () => {
    const ring = { SSEC_KEYRING: 'default' };
    await lines('stdout', ['keys', 'add', '2026'], ring);
    return (await lines('stdout', ['keys', 'default', '2026'], ring))[0];
  },
  'keys-retire': async () => {
    const ring = { SSEC_KEYRING: 'retire' };
    for (const name of ['2026', '2025']) await lines('stdout', ['keys', 'add', name], ring);
    return (await lines('stdout', ['keys', 'retire', '2025'], ring))[0];
  },
  'keys-export': async () => {
    const ring = { SSEC_KEYRING: 'exported' };
    await lines('stdout', ['keys', 'add', '2026', '--key-file', 'my.key'], ring);
    return (await lines('stdout', ['keys', 'export', '2026', '--for', 'aws', '-o', '2026.bin'], ring))[0];
  },
  'dry-run': async () => (await lines('stdout', ['put', '-r', 'folder', 'f/', '--dry-run']))[0],
  error: async () => (await lines('stderr', ['put', 'page.html', '-b', 'no-such-bucket']))[0],
  'error-item': async () => {
    await lines('stdout', ['put', '-r', 'folder', 'f/']);
    return (await lines('stderr', ['put', '-r', 'folder', 'f/', '--no-overwrite']))[0];
  },
  'error-partial': async () => {
    await lines('stdout', ['put', '-r', 'folder', 'f/']);
    return (await lines('stderr', ['put', '-r', 'folder', 'f/', '--no-overwrite']))[1];
  },
  'error-sandbox': async () => (await lines('stderr', ['sandbox', '--port', '70000']))[0],
  'error-usage': async () => (await lines('stderr', ['put']))[0],
  warning: async () => (await lines('stderr', ['put', 'page.html', '--key-file', 'my.key']))[0],
  notice: async () => (await lines('stderr', ['bucket', 'allow-sse-c']))[0],
  progress: async () => (await lines('stderr', ['put', 'page.html', '--progress', 'json'])).at(-1),
  // which key is used comes first
  request: async () => (await lines('stderr', ['put', 'page.html', 'a b?', '--verbose']))[1],
};

describe('golden files', () => {
  test.for(Object.keys(goldens))('%s', async (name) => {
    const made = normalise(await goldens[name]?.());
    await expect(`${JSON.stringify(made, undefined, 2)}\n`).toMatchFileSnapshot(join(folder, `${name}.json`));
  });

  test('there is no other', () => {
    const present = readdirSync(folder).filter((file) => file.endsWith('.json'));
    expect(present.sort()).toEqual(
      Object.keys(goldens)
        .map((name) => `${name}.json`)
        .sort(),
    );
  });
});

describe('docs/json.md', () => {
  /** Section of a shape -> the fields that it names. */
  const documented = new Map(
    documentation
      .split(/^### /m)
      .slice(1)
      .map((section) => {
        const [, type = ''] = /^`([^`]+)`/.exec(section) ?? [];
        return [type, [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, field = '']) => field)];
      }),
  );
  const shapes = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>);

  test.for(shapes.map((shape) => [String(shape['type']), shape] as const))('%s', ([type, shape]) => {
    expect(Object.keys(shape)).toEqual(documented.get(type));
  });

  test('has no shape that does not exist', () => {
    expect([...documented.keys()].sort()).toEqual(
      [...new Set(shapes.map(({ type }) => String(type)))].sort(),
    );
  });

  test('names every exit code', () => {
    const codes: ErrorCode[] = ['INTERNAL', 'USAGE', 'ACCESS_DENIED', 'OBJECT_NOT_FOUND', 'KEY_MISSING'];
    codes.push('CHECKSUM_MISMATCH', 'TARGET_EXISTS', 'NETWORK', 'DISK_FULL', 'CANCELLED');
    for (const code of codes) {
      expect(documentation).toMatch(
        new RegExp(`^\\|.*\\b${exitCodeOf(new SsecError(code, ''))}\\b.*\\|`, 'm'),
      );
    }
  });
});
