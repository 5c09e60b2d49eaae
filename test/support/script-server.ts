import { type SandboxOptions, startSandbox } from 'ssec-sandbox';
import type { ScriptServer } from './script-runner.ts';

/** A sandbox with a bucket, for one script; options are those of `startSandbox`, as text. */
export async function startScriptSandbox(options: Readonly<Record<string, string>>): Promise<ScriptServer> {
  const sandbox = await startSandbox(sandboxOptions(options));
  await sandbox.createBucket('my-bucket');
  return { env: sandbox.env('my-bucket'), close: () => sandbox.close() };
}

function sandboxOptions(texts: Readonly<Record<string, string>>): SandboxOptions {
  const values = Object.entries(texts).map(([name, text]) => [name, optionValue(name, text)]);
  return Object.fromEntries(values) as SandboxOptions;
}

function optionValue(name: string, text: string): unknown {
  if (name === 'denyActions') return text.split(',');
  if (name === 'faults') {
    const [operation, status, code] = text.split(':');
    return [{ operation, status: Number(status), code, times: 9 }];
  }
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}
