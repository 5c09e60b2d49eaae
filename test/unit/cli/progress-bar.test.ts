import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SsecError } from '../../../src/errors.ts';
import { createReporter } from '../../../src/cli/output/create-reporter.ts';
import type { OutputOptions, Progress, Reporter } from '../../../src/cli/output/reporter.ts';
import type { RequestEvent } from '../../../src/network-options.ts';

const MiB = 1024 ** 2;

/** What a terminal shows, as far as the bar asks it for anything. */
class Screen {
  lines = [''];
  row = 0;
  column = 0;
  wraps = true;
  text = '';

  write(text: string, columns: number): void {
    this.text += text;
    // oxlint-disable-next-line no-control-regex
    for (const [token] of text.matchAll(/\u001b\[\?7[lh]|\u001b\[J|[\s\S]/gu)) {
      if (token === '\r') this.column = 0;
      else if (token === '\n') {
        this.row++;
        this.column = 0;
        this.lines[this.row] ??= '';
      } else if (token === '\u001b[J') {
        this.lines.length = this.row + 1;
        this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
      } else if (token.startsWith('\u001b[?7')) this.wraps = token.endsWith('h');
      else {
        if (token < ' ') throw new Error(`a control character: ${JSON.stringify(token)}`);
        if (this.column >= columns) throw new Error('it is wider than the terminal');
        const line = this.lines[this.row] ?? '';
        this.lines[this.row] = line.slice(0, this.column) + token + line.slice(this.column + 1);
        this.column++;
      }
    }
  }
}

class Stream extends Writable {
  readonly isTTY: boolean;
  columns: number;
  readonly screen: Screen;

  constructor(isTTY: boolean, columns: number, screen: Screen) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
    this.screen = screen;
  }

  /** Takes nothing from now on. */
  hold(): void {
    Object.defineProperty(this, 'writableNeedDrain', { value: true });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.screen.write(chunk.toString(), this.columns > 0 ? this.columns : 80);
    done();
  }
}

interface World {
  readonly reporter: Reporter;
  readonly stderr: Stream;
  readonly screen: Screen;
}

/** Both outputs on one terminal, or on none. */
function world(options: Partial<OutputOptions> = {}, { isTTY = true, columns = 80 } = {}): World {
  const screen = new Screen();
  const stderr = new Stream(isTTY, columns, screen);
  const reporter = createReporter(
    { stdout: new Stream(isTTY, columns, screen), stderr, env: { NO_COLOR: '1' } },
    { json: false, quiet: false, verbose: false, ...options },
  );
  return { reporter, stderr, screen };
}

/** Bytes that come evenly. */
function transfer(progress: Progress, from: number, to: number, seconds: number): void {
  const steps = Math.round(seconds * 20);
  for (let i = 1; i <= steps; i++) {
    vi.advanceTimersByTime(50);
    progress.update(from + ((to - from) * i) / steps);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the bar', () => {
  test('shows how much, how fast and how long, and goes for a summary', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('sample.jpg', 1000 * MiB);
    transfer(progress, 0, 500 * MiB, 5);
    vi.advanceTimersByTime(1);
    expect(screen.lines).toEqual([
      'sample.jpg  [======>      ]   49%   495 MiB of 1000 MiB    99 MiB/s   0:06 left',
    ]);
    expect(screen).toMatchObject({ column: 0, wraps: true });
    transfer(progress, 500 * MiB, 1000 * MiB, 5);
    progress.stop('done');
    expect(screen.lines).toEqual(['ssec: 1000 MiB in 10.0 s (100 MiB/s)', '']);
  });

  test('without a total: no percentage, no time left', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('stdin', undefined);
    transfer(progress, 0, 40 * MiB, 4);
    expect(screen.lines).toEqual(['stdin  39.5 MiB  9.88 MiB/s']);
    progress.total(80 * MiB);
    vi.advanceTimersByTime(100);
    expect(screen.lines[0]).toMatch(/^stdin {2}\[=+> +\] +50% +40 MiB of 80 MiB .* left$/);
    progress.total(400 * MiB);
    vi.advanceTimersByTime(100);
    expect(screen.lines[0]).toMatch(/ 10% /);
  });

  test('several files', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('photos', 100 * MiB);
    progress.files(0, 12);
    transfer(progress, 0, 50 * MiB, 2);
    progress.files(6, 12);
    vi.advanceTimersByTime(100);
    expect(screen.lines[0]).toContain('6/12 files');
    progress.files(12, 12);
    progress.stop('done');
    expect(screen.lines[0]).toMatch(/^ssec: 12 files, 50 MiB in /);
  });

  test('the rate is that of the last seconds', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 1000 * MiB);
    transfer(progress, 0, 100 * MiB, 1);
    transfer(progress, 100 * MiB, 160 * MiB, 6);
    vi.advanceTimersByTime(100);
    expect(screen.lines[0]).toMatch(/ (9\.\d+|10) MiB\/s /);
    vi.advanceTimersByTime(6000);
    expect(screen.lines[0]).toMatch(/ 0 B\/s +$/);
  });

  test('the wait for the first byte is no part of the rate, and is one of the average', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 100 * MiB);
    vi.advanceTimersByTime(3000);
    expect(screen.lines[0]).toMatch(/ 0% +0 B of 100 MiB +0 B\/s +$/);
    transfer(progress, 0, 20 * MiB, 2);
    vi.advanceTimersByTime(1);
    expect(screen.lines[0]).toMatch(/ (9\.\d+|10) MiB\/s /);
    progress.stop('done');
    expect(screen.lines[0]).toBe('ssec: 20 MiB in 5.0 s (4 MiB/s)');
  });

  test('what was there before does not count for the rate', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 1000 * MiB);
    progress.resumed(900 * MiB);
    vi.advanceTimersByTime(1000);
    expect(screen.lines[0]).toMatch(/ 90% +900 MiB of 1000 MiB +0 B\/s/);
    transfer(progress, 900 * MiB, 920 * MiB, 2);
    vi.advanceTimersByTime(1);
    expect(screen.lines[0]).toMatch(/ (9\.\d+|10) MiB\/s /);
    // of the next file, half is there
    progress.resumed(940 * MiB);
    vi.advanceTimersByTime(100);
    progress.update(960 * MiB);
    vi.advanceTimersByTime(100);
    expect(screen.lines[0]).toMatch(/ 96% .* (9\.\d+|10) MiB\/s /);
    progress.stop('done');
    expect(screen.lines[0]).toMatch(/^ssec: 20 MiB in 3\.2 s \(.*\), 940 MiB were there before$/);
  });

  test('a part that is tried again takes bytes back, and the rate is never below nothing', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 100 * MiB);
    transfer(progress, 0, 60 * MiB, 3);
    progress.retry();
    progress.update(10 * MiB);
    vi.advanceTimersByTime(100);
    expect(screen.lines[0]).toMatch(/ 10% +10 MiB of 100 MiB .* 1 retry$/);
    vi.advanceTimersByTime(9000);
    expect(screen.lines[0]).toContain(' 0 B/s');
    progress.retry();
    progress.update(100 * MiB);
    progress.stop('done');
    expect(screen.lines[0]).toMatch(/, 2 retries$/);
  });

  test('requests that were tried again count', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 100);
    const event: RequestEvent = { method: 'PUT', host: 'h', path: '/', attempt: 1, elapsedMs: 1 };
    reporter.request(event);
    reporter.request({ ...event, attempt: 2 });
    vi.advanceTimersByTime(600);
    progress.stop('done');
    expect(screen.lines[0]).toMatch(/, 1 retry$/);
  });

  test('what is over at once leaves nothing', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 100);
    vi.advanceTimersByTime(400);
    progress.update(100);
    progress.stop('done');
    expect(screen.text).toBe('');
  });

  test('a failure leaves no line, and nothing comes after the end', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 100);
    vi.advanceTimersByTime(1000);
    expect(screen.lines).not.toEqual(['']);
    progress.stop();
    progress.stop('done');
    progress.update(50);
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual(['']);
    reporter.error(new SsecError('NETWORK', 'It broke.'));
    expect(screen.lines).toEqual(['ssec: It broke.', '']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('an interruption ends it at once, though cleaning up goes on', async () => {
    const { reporter, screen } = world();
    const controller = new AbortController();
    await reporter.progress('a', 100, controller.signal);
    vi.advanceTimersByTime(1000);
    // the terminal's echo, over the bar and not behind it
    screen.write('^C', 80);
    controller.abort();
    expect(screen.lines).toEqual(['']);
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual(['']);
    const late = await reporter.progress('b', 100, controller.signal);
    vi.advanceTimersByTime(1000);
    late.stop('done');
    expect(screen.lines).toEqual(['']);
  });

  test('other lines stand above it', async () => {
    const { reporter, screen } = world();
    const progress = await reporter.progress('a', 100);
    vi.advanceTimersByTime(1000);
    const [bar = ''] = screen.lines;
    reporter.warning('Beware.', 'do this');
    reporter.notice('Good to know.');
    await reporter.result({ type: 'put' }, 's3://bucket/a');
    reporter.error(new SsecError('NETWORK', 'One file broke.'));
    const above = [
      'ssec: warning: Beware.',
      'hint: do this',
      'ssec: Good to know.',
      's3://bucket/a',
      'ssec: One file broke.',
    ];
    expect(screen.lines).toEqual([...above, bar]);
    progress.stop();
    expect(screen.lines).toEqual([...above, '']);
  });

  test('a new one ends the one before', async () => {
    const { reporter, screen } = world();
    const first = await reporter.progress('first', 100);
    vi.advanceTimersByTime(1000);
    const second = await reporter.progress('second', 100);
    vi.advanceTimersByTime(1000);
    first.stop('done');
    expect(screen.lines).toEqual([expect.stringMatching(/^second /)]);
    second.stop('done');
    expect(screen.lines).toEqual([expect.stringMatching(/^ssec: 0 B in 1\.0 s/), '']);
  });

  test('the width may change at any time', async () => {
    const { reporter, stderr, screen } = world();
    const progress = await reporter.progress('2026-06-01-a-long-name.tar.zst', 100 * MiB);
    transfer(progress, 0, 50 * MiB, 5);
    for (const columns of [40, 20, 10, 3, 1, 200, 0]) {
      screen.lines = [''];
      stderr.columns = columns;
      vi.advanceTimersByTime(100);
      const shown = columns === 0 ? 80 : columns;
      expect(screen.lines).toHaveLength(1);
      expect((screen.lines[0] ?? '').length).toBeLessThan(shown);
    }
  });

  test('a terminal that takes nothing gets nothing', async () => {
    const { reporter, stderr, screen } = world();
    await reporter.progress('a', 100);
    stderr.hold();
    vi.advanceTimersByTime(5000);
    expect(screen.text).toBe('');
  });

  test('a label steers nothing', async () => {
    const { reporter, screen } = world({}, { columns: 200 });
    await reporter.progress('a\u001b[2J\r\nb\u202e', 100);
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual([expect.stringContaining('a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}')]);
  });

  test('does not keep the process', async () => {
    vi.useRealTimers();
    const timers = vi.spyOn(globalThis, 'setInterval');
    const progress = await world().reporter.progress('a', 100);
    const made = timers.mock.results.map(({ value }) => value as NodeJS.Timeout);
    expect(made.map((timer) => timer.hasRef())).toEqual([false]);
    progress.stop();
    timers.mockRestore();
  });
});

describe('lines for programs', () => {
  function records(screen: Screen): Record<string, unknown>[] {
    const lines = screen.text.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  test.each<[string, boolean, Partial<OutputOptions>]>([
    ['a terminal', true, {}],
    ['no terminal', false, {}],
    ['--json', false, { json: true }],
    ['--quiet', false, { quiet: true }],
  ])('%s: one a second and one at the end', async (_name, isTTY, options) => {
    const { reporter, screen } = world({ ...options, progress: 'json' }, { isTTY, columns: 1000 });
    const progress = await reporter.progress('a', 100 * MiB);
    transfer(progress, 0, 25 * MiB, 2.5);
    progress.retry();
    progress.update(100 * MiB);
    progress.stop('done');
    progress.stop();
    const made = records(screen);
    expect(made).toHaveLength(3);
    expect(made[1]).toEqual({
      type: 'progress',
      Bytes: 19.5 * MiB,
      TotalBytes: 100 * MiB,
      Files: 0,
      TotalFiles: 1,
      BytesPerSecond: 9.75 * MiB,
      SecondsLeft: 9,
      Retries: 0,
    });
    expect(made[2]).toEqual({
      type: 'progress',
      Bytes: 100 * MiB,
      TotalBytes: 100 * MiB,
      Files: 1,
      TotalFiles: 1,
      BytesPerSecond: 40 * MiB,
      SecondsLeft: 0,
      Retries: 1,
    });
  });

  test('what cannot be known is null, until it is known', async () => {
    const { reporter, screen } = world({ progress: 'json' }, { isTTY: false, columns: 1000 });
    const progress = await reporter.progress('a', undefined);
    progress.files(1, 3);
    vi.advanceTimersByTime(1000);
    progress.update(5);
    progress.files(3, 3);
    progress.stop('done');
    const failing = await reporter.progress('b', 10);
    failing.stop('failed');
    expect(records(screen)).toMatchObject([
      { Bytes: 0, TotalBytes: null, Files: 1, TotalFiles: 3, BytesPerSecond: 0, SecondsLeft: null },
      { Bytes: 5, TotalBytes: 5, Files: 3, TotalFiles: 3, SecondsLeft: 0 },
      { Bytes: 0, TotalBytes: 10, Files: 0, TotalFiles: 1, SecondsLeft: null },
    ]);
  });

  test('whoever reads slowly gets fewer, and the last', async () => {
    const { reporter, stderr, screen } = world({ progress: 'json' }, { isTTY: false, columns: 1000 });
    const progress = await reporter.progress('a', 10);
    stderr.hold();
    vi.advanceTimersByTime(5000);
    progress.stop('done');
    expect(records(screen)).toHaveLength(1);
  });
});

describe('no progress', () => {
  test.each<[string, boolean, Partial<OutputOptions>]>([
    ['no terminal', false, {}],
    ['no terminal, --json', false, { json: true }],
    ['--quiet', true, { quiet: true }],
    ['--verbose', true, { verbose: true }],
    ['--json', true, { json: true }],
    ['--progress none', true, { progress: 'none' }],
    ['--progress none --json', true, { progress: 'none', json: true }],
  ])('%s: not a byte', async (_name, isTTY, options) => {
    const { reporter, screen } = world(options, { isTTY });
    const progress = await reporter.progress('a', 100);
    progress.resumed(10);
    progress.total(200);
    progress.files(1, 2);
    progress.retry();
    transfer(progress, 10, 200, 3);
    progress.stop('done');
    expect(screen.text).toBe('');
    expect(vi.getTimerCount()).toBe(0);
  });
});
