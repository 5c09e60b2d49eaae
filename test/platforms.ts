/** Test files that a system cannot run, because of how they test and not of what ssec does there. */
interface LeftOut {
  readonly on: readonly NodeJS.Platform[];
  readonly why: string;
  /** Files, or folders that end with a slash. */
  readonly files: readonly string[];
}

/**
 * Everything runs on Linux. One test that wants a device or a system says so itself (`skipIf`, `needs` in a script).
 * What this leaves of a Windows run: the library, the transport, the settings, the sandbox, the checks of properties,
 * and both packages, packed, installed and run.
 */
export const leftOut: readonly LeftOut[] = [
  {
    on: ['win32'],
    why: 'they run shell scripts with the tools of POSIX, or send signals',
    files: [
      'test/scripts/',
      'test/examples/scale.test.ts',
      'test/readme/readme.test.ts',
      'test/secrets/secrets.test.ts',
      'test/contract/interop-sandbox.test.ts',
      'test/unit/settings/credentials.test.ts',
      'sandbox/test/sandbox-cli.test.ts',
    ],
  },
  {
    on: ['win32'],
    why: 'they look at permissions, of which Windows has others, or at what is printed of them',
    files: [
      'test/doctor/',
      'test/errors/error-table.test.ts',
      'test/golden/',
      'test/start/code-cache.test.ts',
      'test/unit/settings/env-file.test.ts',
      'test/unit/settings/env-file-key.test.ts',
      'test/unit/settings/key-source.test.ts',
      'test/unit/transfer/atomic-file.test.ts',
      'test/unit/transfer/small-file-sink.test.ts',
      'sandbox/test/store.test.ts',
    ],
  },
  {
    on: ['win32'],
    why: 'they make FIFOs, links, or names that Windows refuses',
    files: [
      'test/unit/cli/batch/local-folder.test.ts',
      'test/unit/cli/batch/walk-folder.test.ts',
      'test/unit/transfer/file-source.test.ts',
      'test/unit/transfer/small-file.test.ts',
      'sandbox/test/folder-lock.test.ts',
    ],
  },
  {
    on: ['win32', 'darwin'],
    why: 'they type into the shells of a Linux distribution, in tmux',
    files: ['test/completion/'],
  },
  {
    on: ['win32', 'darwin'],
    why: 'it runs a script as the workflow does, with the tools of its Ubuntu',
    files: ['test/package/publish.test.ts'],
  },
];

/** Patterns for vitest. */
export function leftOutOn(platform: NodeJS.Platform): string[] {
  return leftOut
    .filter(({ on }) => on.includes(platform))
    .flatMap(({ files }) => files.map((file) => (file.endsWith('/') ? `${file}**` : file)));
}
