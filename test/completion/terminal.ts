import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** A shell in a real terminal: tmux, which is asked what stands on the screen. */
export class Terminal {
  readonly #socket = `ssec-${randomUUID()}`;

  /** @param environment all of it */
  constructor(
    argv: readonly string[],
    options: {
      readonly cwd: string;
      readonly environment: Readonly<Record<string, string>>;
      readonly columns?: number;
    },
  ) {
    const { cwd, environment, columns = 100 } = options;
    const size = ['-x', String(columns), '-y', '40'];
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const command = ['env', '-i', 'TERM=screen', ...variables, ...argv];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', cwd, '--', ...command);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', '--', text);
  }

  /** `Tab`, `Enter`, `C-c` */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** Waits until the screen looks so, and throws what it looks like where it never does. */
  async until(looks: RegExp, milliseconds = 10_000): Promise<string> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const screen = this.screen();
      if (looks.test(screen)) return screen;
      if (Date.now() > end) throw new Error(`The screen never matched ${String(looks)}:\n${screen}`);
      await new Promise((done) => setTimeout(done, 30));
    }
  }

  close(): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // gone already
    }
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#socket, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }
}
