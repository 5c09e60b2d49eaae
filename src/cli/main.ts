import { SsecError } from '../errors.ts';
import { KEY_VARIABLES } from '../settings/setting-table.ts';
import { type Io, interruption } from './io.ts';
import { run } from './run.ts';

/** What the start script knows and the bundle does not. */
export type Start = Pick<Io, 'packageFile' | 'loadSandbox'>;

/**
 * The process around the command line: environment, signals, streams.
 *
 * @returns the exit code, for `process.exitCode`
 */
export async function main(start: Start): Promise<number> {
  if (printsHeaders(process.env['NODE_DEBUG'])) {
    process.stderr.write(
      'ssec: NODE_DEBUG would print the customer key, with every header of every request.\nhint: unset NODE_DEBUG; ssec --verbose shows the requests without it\n',
    );
    return 2;
  }
  const cwd = currentFolder();
  if (cwd === undefined) {
    process.stderr.write('ssec: The current folder does not exist any more.\nhint: cd to one that does\n');
    return 5;
  }
  const env = takeEnvironment();
  const controller = new AbortController();
  let stdinUsed = false;
  const stop = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void => {
    // once: a second one ends the process at once
    controller.abort(interruption(signal));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') controller.abort(interruption('EPIPE'));
  });
  process.stderr.on('error', () => undefined);
  let code = 1;
  try {
    code = await run(process.argv.slice(2), {
      ...start,
      env,
      cwd,
      // opened only where it is read: a script's own stdin must stay the script's
      get stdin() {
        stdinUsed = true;
        return process.stdin;
      },
      stdout: process.stdout,
      stderr: process.stderr,
      signal: controller.signal,
      signals: process,
      loadProxyFinder: async () => (await import('proxy-from-env')).getProxyForUrl,
    });
    return code;
  } finally {
    // one that nobody reads to its end must not keep the process
    if (stdinUsed) process.stdin.destroy();
    // a signal that came when all was done changes nothing
    if (code !== 0) endSoon(controller.signal);
  }
}

function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/**
 * After an interruption nothing is left to do, but the system may still hold a thread of ours, as one that opens a
 * pipe without another end; then the signal ends the process as if we had not caught it.
 */
function endSoon(interrupted: AbortSignal): void {
  const { reason } = interrupted as { reason: unknown };
  const signal = reason instanceof SsecError ? reason.context['signal'] : undefined;
  if (signal !== 'SIGINT' && signal !== 'SIGTERM' && signal !== 'SIGHUP') return;
  setTimeout(() => {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  }, 200).unref();
}

/**
 * The environment as ours to read. The variables that hold keys are taken out of the process's own, so that no
 * credential process, key command or diagnostic report inherits them. So is what would have Node.js warn that
 * certificates are not checked: they are, and stderr is ours. A key command still gets that one, out of this copy: it is
 * the user's program and network.
 */
function takeEnvironment(): Record<string, string | undefined> {
  const env = { ...process.env };
  const isSandbox = process.argv[2] === 'sandbox';
  if (!isSandbox) for (const name of KEY_VARIABLES) delete process.env[name];
  delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  // the SDK's word about Node versions is for whoever updates it, not for whoever runs ssec
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  return env;
}

/** Whether NODE_DEBUG matches `http` or `https` as Node.js matches it: comma list, any case, `*` = anything. */
export function printsHeaders(nodeDebug: string | undefined): boolean {
  if (nodeDebug === undefined || nodeDebug === '') return false;
  const pattern = nodeDebug
    .replace(/[|\\{}()[\]^$+?.]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll(',', '$|^');
  const matches = new RegExp(`^${pattern}$`, 'i');
  return ['http', 'https'].some((section) => matches.test(section));
}
