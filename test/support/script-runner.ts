/**
 * Runs scripts against the real `bin/ssec.js`, each in a fresh folder with a bare environment. A script is a txtar
 * archive: a comment that says what it shows, commands, then files behind `-- NAME --` lines, which are laid out
 * in the folder first.
 *
 * One command a line. `#` begins a comment line. Words are split at blanks; in 'single quotes' a word is taken as
 * it is ('' inside stands for one quote); elsewhere $NAME is a variable of the script, $WORK its folder, and
 * $STDOUT what the last command printed, without the last line end.
 *
 *   needs NEED...                  stands before all else: leaves the script out where the system is another one
 *                                  (linux) or has no such file or device (/dev/full)
 *   sandbox [OPTION=VALUE...]      start an S3, make a bucket, set the environment for it; options are those of
 *                                  startSandbox: blockSseC=true sseC=ignore denyActions=s3:GetObject ...
 *                                  'faults=fail UploadPart 503 SlowDown x2; drop GetObject after 1000 bytes'
 *   stall get|put                  a server that stops in the middle of that answer or request, environment set
 *   [!|exit N] ssec ARG...         run it; must end with 0, with anything else, with N
 *   [!|exit N] exec PROGRAM ARG... run a program; `ssec` is on its PATH
 *   exit N interrupt SIGNAL ssec ARG...
 *                                  run it, and send the signal once the stalled server is in the middle; with
 *                                  `noted=K` before ssec: once K pieces of its transfer are noted; what a signal
 *                                  ends has 128 and its number, as in a shell
 *   stdin FILE                     what the next command reads
 *   [!] stdout REGEX               what the last command printed matches (multi-line, ^ and $ at line ends)
 *   [!] stderr REGEX
 *   [!] exists FILE...             is there; a name that ends with * stands for any that begins so
 *   cmp FILE FILE                  the same bytes; a FILE `stdout` is what the last command printed
 *   env NAME=VALUE | env -NAME     set, unset
 *   random FILE BYTES              write random bytes
 *   mode FILE OCTAL                has these permissions
 *   chmod OCTAL FILE
 *   mkdir FOLDER
 *   rm FILE...
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StalledServer, startStalledServer } from './stalled-server.ts';
import { unmetNeed } from './unmet-need.ts';

/** An S3 that a script talks to. */
export interface ScriptServer {
  /** The variables by which a client finds it, with a bucket that is this script's alone. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface ScriptOptions {
  /** A fresh folder; the script's files go into `work/` in it. */
  readonly folder: string;
  readonly startServer: (options: Readonly<Record<string, string>>) => Promise<ScriptServer>;
}

interface Archive {
  readonly script: string;
  readonly files: ReadonlyMap<string, string>;
}

interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));
const timeoutMs = 90_000;

/** Runs one script; throws at the first command that is not as it says, with its line and the last output. */
export async function runScript(path: string, options: ScriptOptions): Promise<void> {
  const script = new Script(options);
  try {
    await script.run(readFileSync(path, 'utf8'), basename(path));
  } finally {
    await script.close();
  }
}

/** Why a script cannot run here: its `needs` that are not met; undefined = it can. */
export function whyNotHere(path: string): string | undefined {
  const { script } = parseArchive(readFileSync(path, 'utf8'));
  const needs = [...script.matchAll(/^needs (.+)$/gm)].flatMap(([, words = '']) => words.split(/\s+/));
  return needs.map(unmetNeed).find((why) => why !== undefined);
}

/** Text before the first `-- NAME --` line, and the files behind such lines. */
export function parseArchive(text: string): Archive {
  const files = new Map<string, string>();
  const [script = '', ...rest] = text.split(/^(?=-- .+ --$)/m);
  for (const part of rest) {
    const [, name = ''] = /^-- (.+) --\n/.exec(part) ?? [];
    files.set(name, part.slice(part.indexOf('\n') + 1));
  }
  return { script, files };
}

class Script {
  readonly #options: ScriptOptions;
  readonly #work: string;
  readonly #env: Record<string, string | undefined>;
  readonly #closers: (() => Promise<void>)[] = [];
  #stdin: Buffer = Buffer.alloc(0);
  #stalled: StalledServer | undefined;
  #last: Outcome = { code: 0, stdout: Buffer.alloc(0), stderr: '' };

  constructor(options: ScriptOptions) {
    this.#options = options;
    const { folder } = options;
    this.#work = join(folder, 'work');
    for (const name of ['work', 'home', 'bin', 'tmp']) mkdirSync(join(folder, name));
    symlinkSync(bin, join(folder, 'bin', 'ssec'));
    this.#env = {
      PATH: [join(folder, 'bin'), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(
        delimiter,
      ),
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      WORK: this.#work,
      GIT_CONFIG_NOSYSTEM: '1',
      // the scripts look where Linux has it; other systems have it elsewhere, unless told
      ...(process.platform === 'linux' ? {} : { XDG_STATE_HOME: join(folder, 'home/.local/state') }),
    };
  }

  async run(text: string, name: string): Promise<void> {
    const { script, files } = parseArchive(text);
    for (const [file, content] of files) {
      mkdirSync(dirname(this.#path(file)), { recursive: true });
      writeFileSync(this.#path(file), content);
    }
    for (const [index, line] of script.split('\n').entries()) {
      if (/^\s*(#|$)/.test(line)) continue;
      try {
        await this.#command(this.#words(line));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(
          `${name}:${index + 1}: ${line}\n${reason}\n[exit] ${this.#last.code}\n[stdout]\n${this.#last.stdout.toString().slice(0, 2000)}\n[stderr]\n${this.#last.stderr.slice(0, 4000)}`,
        );
      }
    }
  }

  async close(): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }

  async #command(words: readonly string[]): Promise<void> {
    const [name = '', ...args] = words;
    if (name === '!') return this.#negated(args);
    if (name === 'exit' && args[1] === 'interrupt')
      return this.#interrupt(args[2] as NodeJS.Signals, args.slice(3), Number(args[0]));
    if (name === 'exit') return this.#execute(args.slice(1), (code) => code === Number(args[0]));
    if (name === 'ssec' || name === 'exec') return this.#execute(words, (code) => code === 0);
    switch (name) {
      case 'stdout':
      case 'stderr':
        return this.#match(name, args[0] ?? '', true);
      case 'exists':
        for (const file of args) check(this.#exists(file), `${file} does not exist`);
        return;
      case 'cmp': {
        const [a, b] = args.map((file) =>
          file === 'stdout' ? this.#last.stdout : readFileSync(this.#path(file)),
        );
        check(a !== undefined && b !== undefined && a.equals(b), 'they differ');
        return;
      }
      case 'needs':
        for (const need of args) check(unmetNeed(need) === undefined, unmetNeed(need) ?? '');
        return;
      case 'sandbox':
        return this.#startServer(args);
      case 'stall':
        return this.#stall(args[0] === 'put' ? 'put' : 'get');
      case 'stdin':
        this.#stdin = readFileSync(this.#path(args[0] ?? ''));
        return;
      case 'env':
        for (const pair of args) this.#setVariable(pair);
        return;
      case 'random':
        writeFileSync(this.#path(args[0] ?? ''), randomBytes(Number(args[1])));
        return;
      case 'mode': {
        const mode = (statSync(this.#path(args[0] ?? '')).mode & 0o7777).toString(8);
        check(mode === args[1], `its mode is ${mode}`);
        return;
      }
      case 'chmod':
        chmodSync(this.#path(args[1] ?? ''), Number.parseInt(args[0] ?? '', 8));
        return;
      case 'mkdir':
        mkdirSync(this.#path(args[0] ?? ''), { recursive: true });
        return;
      case 'rm':
        for (const file of args) rmSync(this.#path(file), { recursive: true });
        return;
      default:
        throw new Error(`there is no command ${name}`);
    }
  }

  async #negated(words: readonly string[]): Promise<void> {
    const [name = '', ...args] = words;
    if (name === 'ssec' || name === 'exec') return this.#execute(words, (code) => code !== 0);
    if (name === 'stdout' || name === 'stderr') return this.#match(name, args[0] ?? '', false);
    if (name !== 'exists') throw new Error(`${name} cannot be negated`);
    for (const file of args) check(!this.#exists(file), `${file} exists`);
  }

  async #execute(words: readonly string[], isRight: (code: number) => boolean): Promise<void> {
    this.#last = await this.#finish(this.#spawn(words));
    check(isRight(this.#last.code), 'it ended with another exit code');
  }

  async #interrupt(signal: NodeJS.Signals, words: readonly string[], code: number): Promise<void> {
    const [, pieces] = /^noted=(\d+)$/.exec(words[0] ?? '') ?? [];
    const child = this.#spawn(pieces === undefined ? words : words.slice(1));
    const outcome = this.#finish(child);
    // it is waited for below
    outcome.catch(() => undefined);
    const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
    if (pieces === undefined) await this.#inTheMiddle(outcome, isOver);
    else await until(() => isOver() || this.#noted() >= Number(pieces));
    child.kill(signal);
    this.#last = await outcome;
    check(this.#last.code === code, 'it ended with another exit code');
  }

  async #inTheMiddle(outcome: Promise<Outcome>, isOver: () => boolean): Promise<void> {
    const stalled = this.#stalled;
    if (stalled === undefined) throw new Error('interrupt wants a stalled server');
    await Promise.race([stalled.inTheMiddle, outcome]);
    // a download is in the middle once its temporary file holds something
    if (stalled.what === 'get')
      await until(() => isOver() || ['.ssec-*', 'tmp/.ssec-*'].some((file) => this.#exists(file)));
  }

  /** Pieces of transfers that are noted as done. */
  #noted(): number {
    const folder = join(this.#env['XDG_STATE_HOME'] ?? join(this.#env['HOME'] ?? '', '.local/state'), 'ssec');
    if (!existsSync(folder)) return 0;
    const lines = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
    // the first line is the head, and behind the last line end is nothing
    return lines.reduce((sum, { length }) => sum + Math.max(0, length - 2), 0);
  }

  #spawn(words: readonly string[]): ChildProcess {
    const [name = '', ...args] = words;
    const [file, ...rest] =
      name === 'ssec' ? [process.execPath, bin, ...args] : [args[0] ?? '', ...args.slice(1)];
    // a group of its own: what a shell started holds the outputs open, and must end with it
    const child = spawn(file, rest, { cwd: this.#work, env: this.#env, detached: true });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(this.#stdin);
    this.#stdin = Buffer.alloc(0);
    return child;
  }

  #finish(child: ChildProcess): Promise<Outcome> {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    return new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        const stderr = Buffer.concat(err).toString() + (signal === null ? '' : `\n(ended by ${signal})`);
        const stdout = Buffer.concat(out);
        this.#last = { code: code ?? 128 + constants.signals[signal ?? 'SIGKILL'], stdout, stderr };
        if (isLate) failed(new Error(`it was killed after ${timeoutMs / 1000} s`));
        else done(this.#last);
      });
    });
  }

  #match(stream: 'stdout' | 'stderr', pattern: string, wanted: boolean): void {
    const text = this.#last[stream].toString();
    check(new RegExp(pattern, 'm').test(text) === wanted, `${stream} is not as it says`);
  }

  async #startServer(options: readonly string[]): Promise<void> {
    const pairs = options.map((option) => [
      option.split('=')[0] ?? '',
      option.slice(option.indexOf('=') + 1),
    ]);
    const server = await this.#options.startServer(Object.fromEntries(pairs));
    this.#closers.push(() => server.close());
    Object.assign(this.#env, server.env);
  }

  async #stall(what: 'get' | 'put'): Promise<void> {
    const server = await startStalledServer(what);
    this.#stalled = server;
    this.#closers.push(() => server.close());
    const caFile = join(this.#options.folder, 'ca.pem');
    writeFileSync(caFile, server.caPem);
    Object.assign(this.#env, {
      AWS_ENDPOINT_URL_S3: server.endpoint,
      AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_CA_BUNDLE: caFile,
      BUCKET_NAME: 'stalled',
    });
  }

  #setVariable(pair: string): void {
    const at = pair.indexOf('=');
    if (at === -1) delete this.#env[pair.replace(/^-/, '')];
    else this.#env[pair.slice(0, at)] = pair.slice(at + 1);
  }

  #exists(file: string): boolean {
    if (!file.endsWith('*')) return existsSync(this.#path(file));
    const folder = dirname(this.#path(file));
    const start = basename(file).slice(0, -1);
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(start));
  }

  #path(file: string): string {
    return resolve(this.#work, file);
  }

  #words(line: string): string[] {
    const words: string[] = [];
    for (const [word] of line.matchAll(/(?:'(?:[^']|'')*'|[^\s'])+/g)) {
      words.push(
        word.replace(
          /'((?:[^']|'')*)'|\$(\w+)/g,
          (_all, quoted: string | undefined, name: string | undefined) =>
            quoted === undefined ? this.#variable(name ?? '') : quoted.replaceAll("''", "'"),
        ),
      );
    }
    return words;
  }

  #variable(name: string): string {
    if (name === 'STDOUT') return this.#last.stdout.toString().replace(/\n$/, '');
    return this.#env[name] ?? '';
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 5));
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
