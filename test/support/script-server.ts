import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { type SandboxOptions, startSandbox } from 'ssec-sandbox';
import { accessTo, plainClient } from './plain-client.ts';
import type { ScriptServer } from './script-runner.ts';

/** A sandbox with a bucket, for one script; options are those of `startSandbox`, as text, and `versioning` of the bucket; several faults stand between semicolons. */
export async function startScriptSandbox(options: Readonly<Record<string, string>>): Promise<ScriptServer> {
  const { versioning, ...others } = options;
  const sandbox = await startSandbox(sandboxOptions(others));
  await sandbox.createBucket('my-bucket');
  if (versioning === 'Enabled' || versioning === 'Suspended') {
    const s3 = plainClient(accessTo(sandbox));
    const VersioningConfiguration = { Status: versioning } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'my-bucket', VersioningConfiguration }));
    s3.destroy();
  }
  return { env: sandbox.env('my-bucket'), close: () => sandbox.close() };
}

function sandboxOptions(texts: Readonly<Record<string, string>>): SandboxOptions {
  const values = Object.entries(texts).map(([name, text]) => [name, optionValue(name, text)]);
  return Object.fromEntries(values) as SandboxOptions;
}

function optionValue(name: string, text: string): unknown {
  if (name === 'denyActions') return text.split(',');
  if (name === 'faults') return text.split(';').map(fault);
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** As on the command line of ssec-sandbox, or OPERATION:STATUS:CODE for what fails to the end. */
function fault(text: string): string {
  const [, operation, status, code] = /^(\w+):(\d+):(\w+)$/.exec(text) ?? [];
  return operation === undefined ? text : `fail ${operation} ${status} ${code} always`;
}
