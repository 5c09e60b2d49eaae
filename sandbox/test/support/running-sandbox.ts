import { afterAll, beforeAll } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/index.ts';

export const bucket = 'test-bucket';

/** One sandbox with one bucket for all the tests of a file. */
export function runningSandbox(options?: SandboxOptions): () => Sandbox {
  let sandbox: Sandbox | undefined;
  beforeAll(async () => {
    sandbox = await startSandbox(options);
    await sandbox.createBucket(bucket);
  });
  afterAll(() => sandbox?.close());
  return () => {
    if (sandbox === undefined) throw new Error('the sandbox has not started');
    return sandbox;
  };
}

/** For one test, with options of its own. */
export async function withSandbox(
  options: SandboxOptions,
  use: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  const sandbox = await startSandbox(options);
  try {
    await sandbox.createBucket(bucket);
    await use(sandbox);
  } finally {
    await sandbox.close();
  }
}
