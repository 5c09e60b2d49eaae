import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { makeCertificate } from '../../sandbox/src/certificate.ts';
import { runCli } from '../support/run-cli.ts';
import { temporaryFolders } from '../support/temp-folder.ts';
import { environmentFor } from './world.ts';

vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

const freshFolder = temporaryFolders('tls');
const year = 365 * 86_400_000;

const mistakes = [
  {
    when: 'a certificate that has expired',
    from: Date.now() - 3 * year,
    message: (endpoint: string) => `The certificate of ${endpoint} is not trusted: it has expired.`,
  },
  {
    when: 'a certificate that is not valid yet',
    from: Date.now() + year,
    message: (endpoint: string) =>
      `The certificate of ${endpoint} is not trusted: it is not valid yet (or the clock is wrong).`,
  },
  {
    when: 'a certificate for another host',
    from: Date.now(),
    host: '127.0.0.2',
    message: (endpoint: string) => `The certificate of ${endpoint} is not trusted: it is for another host.`,
  },
  {
    when: 'a server of TLS 1.1',
    from: Date.now(),
    tls: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    message: (endpoint: string) => `${endpoint} does not speak TLS 1.2 or newer on that port`,
  },
] satisfies readonly {
  when: string;
  from: number;
  host?: string;
  tls?: TlsOptions;
  message: (endpoint: string) => string;
}[];

// only Linux has all of 127.0.0.0/8 on its loopback
const possible = mistakes.filter((mistake) => !('host' in mistake) || process.platform === 'linux');

describe.each(possible)('$when', ({ from, message, ...rest }) => {
  test.each([['put', 'data'], ['get', 'there', '-o', 'copy'], ['uploads']])('%s', async (...argv) => {
    const certificate = await makeCertificate(new Date(from));
    let requests = 0;
    const server = createServer(
      {
        key: certificate.privateKeyPem,
        cert: certificate.certificatePem,
        ...('tls' in rest ? rest.tls : {}),
      },
      (_request, response) => {
        requests++;
        response.end();
      },
    );
    const host = 'host' in rest ? rest.host : '127.0.0.1';
    await new Promise<void>((listening) => server.listen(0, host, listening));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const endpoint = `https://${host}:${(server.address() as AddressInfo).port}`;
    const cwd = freshFolder();
    writeFileSync(join(cwd, 'data'), 'hello');
    writeFileSync(join(cwd, 'ca.pem'), certificate.certificatePem);
    const result = await runCli(argv, {
      cwd,
      env: environmentFor(endpoint),
    });
    expect(result.stderr).toContain(`ssec: ${message(endpoint)}`);
    expect(result.stderr).toContain('\nhint: ');
    expect(result.code).toBe(2);
    expect(requests).toBe(0);
  });
});
