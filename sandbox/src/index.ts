export { sandboxCli } from './cli/sandbox-cli.ts';
export type { SandboxIo, SignalSource } from './cli/sandbox-io.ts';
export { type NewBucketOptions, type Sandbox, startSandbox } from './sandbox.ts';
export type { Fault } from './faults/fault.ts';
export type { RequestRecord, SandboxOptions } from './sandbox-options.ts';
