export { type NewBucketOptions, type Sandbox, startSandbox } from './sandbox.ts';
export type { Fault, RequestRecord, SandboxOptions } from './sandbox-options.ts';
