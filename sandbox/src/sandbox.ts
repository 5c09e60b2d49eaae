import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';
import { sandboxEnvironment } from './environment.ts';
import { FaultPlan } from './faults/fault-plan.ts';
import type { Service } from './http/exchange.ts';
import { type Listener, listen } from './http/listener.ts';
import { resolveSettings, type SandboxOptions } from './sandbox-options.ts';
import { isBucketName } from './store/bucket-name.ts';
import { defaultEncryption } from './store/bucket-settings.ts';
import { Store } from './store/store.ts';

export interface NewBucketOptions {
  /** Default: the sandbox's region. */
  readonly region?: string;
  /** Default: the sandbox's `blockSseC`. */
  readonly blockSseC?: boolean;
}

/** A running local S3. */
export interface Sandbox extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`: an address, so that clients put the bucket into the path. */
  readonly endpoint: string;
  readonly httpEndpoint?: string;
  readonly port: number;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** The certificate to trust, as a PEM file that only this user can read. */
  readonly caFile: string;
  readonly caPem: string;
  /** Where the objects are. */
  readonly dir: string;
  /** The environment in which a command finds and trusts this sandbox. */
  env(bucket?: string): Record<string, string>;
  /** Does nothing where the bucket is already there. */
  createBucket(name: string, options?: NewBucketOptions): Promise<void>;
  /** Ends listeners and connections and removes what is temporary. May be called again. */
  close(): Promise<void>;
}

/** Starts a local S3 on 127.0.0.1 that encrypts what comes with a customer key. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = resolveSettings(options);
  const faults = new FaultPlan(options.faults ?? []);
  const runFolder = mkdtempSync(join(tmpdir(), 'ssec-sandbox-'));
  const listeners: Listener[] = [];
  let store: Store | undefined;
  let closing: Promise<void> | undefined;

  async function stop(): Promise<void> {
    await Promise.all(listeners.map((listener) => listener.close()));
    store?.close();
    rmSync(runFolder, { recursive: true, force: true });
  }
  const close = () => (closing ??= stop());

  try {
    chmodSync(runFolder, 0o700);
    const objects = await Store.open(options.dir ?? join(runFolder, 'objects'));
    store = objects;
    const certificate = await makeCertificate(new Date());
    const caFile = join(runFolder, 'ca.pem');
    writeFileSync(caFile, certificate.certificatePem, { mode: 0o600 });
    const service: Service = {
      settings,
      store: objects,
      faults,
      onRequest: options.onRequest,
    };
    const https = await listen(service, options.port ?? 0, certificate);
    listeners.push(https);
    const http = options.http === true ? await listen(service, 0, undefined) : undefined;
    if (http !== undefined) listeners.push(http);

    const endpoint = `https://127.0.0.1:${https.port}`;
    const { region, accessKeyId, secretAccessKey, sessionToken } = settings;
    return {
      endpoint,
      ...(http === undefined ? {} : { httpEndpoint: `http://127.0.0.1:${http.port}` }),
      port: https.port,
      region,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      caFile,
      caPem: certificate.certificatePem,
      dir: objects.dir,
      env: (bucket) =>
        sandboxEnvironment({ endpoint, accessKeyId, secretAccessKey, sessionToken, region, caFile }, bucket),
      createBucket: async (name, chosen = {}) => {
        if (!isBucketName(name)) throw new Error(`${name} is not a bucket name`);
        if (objects.bucket(name) !== undefined) return;
        objects.createBucket(name, {
          region: chosen.region ?? region,
          createdAt: new Date().toISOString(),
          encryption: defaultEncryption,
          ...((chosen.blockSseC ?? settings.blockSseC) ? { blockedEncryption: 'SSE-C' } : {}),
        });
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
