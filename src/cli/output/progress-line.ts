import { eastAsianWidth } from 'get-east-asian-width';
import prettyBytes from 'pretty-bytes';
import type { TransferStatus } from './transfer-meter.ts';

const MAX_BAR = 30;
const MIN_BAR = 8;
/** What a label is not made shorter than, before numbers go. */
const MIN_LABEL = 8;
const ELLIPSIS = '...';

/** The numbers of a line, in their order. */
interface Numbers {
  readonly percent: string | undefined;
  readonly done: string;
  readonly total: string | undefined;
  readonly files: string | undefined;
  readonly rate: string;
  readonly left: string | undefined;
  readonly retries: string | undefined;
}

/**
 * One line for a terminal, never wider than it; the last column stays free. What does not fit is left out, the
 * least important first.
 */
export function formatProgressLine(label: string, status: TransferStatus, columns: number): string {
  const room = columns - 1;
  const fraction = fractionOf(status);
  const { percent, done, total, files, rate, left, retries } = numbersOf(status);
  const amount = total === undefined ? done : `${done} of ${total}`;
  const all = [percent, amount, files, rate, left, retries];
  const line =
    fraction === undefined
      ? fit(label, all, '  ', room)
      : fit(label, all, '  ', room, { fraction, columns: MIN_BAR });
  if (line !== undefined) return line;
  for (const numbers of [
    all,
    [percent, amount, files, rate, left],
    [percent, done, files, rate, left],
    [percent, files ?? done, rate, left],
    [percent ?? done, rate, left],
    [percent ?? done, left],
    [percent ?? done],
  ]) {
    const narrow = fit(label, numbers, ' ', room, { fraction, columns: 0 });
    if (narrow !== undefined) return narrow;
  }
  return (percent ?? done).trim().slice(0, Math.max(0, room));
}

/** What is said once the line is gone. */
export function formatSummary(status: TransferStatus): string {
  const { files, totalFiles, resumedBytes, retries } = status;
  const moved = Math.max(0, status.bytes - resumedBytes);
  const what = `${totalFiles > 1 ? `${files} files, ` : ''}${bytes(moved)}`;
  const rate = `${bytes(status.averageBytesPerSecond)}/s`;
  // where they were looked at and nothing moved
  if (totalFiles > 1 && status.bytes === 0) {
    const perSecond = Math.round(files / Math.max(0.001, status.elapsedMs / 1000));
    return `${files} in ${duration(status.elapsedMs / 1000)} (${perSecond}/s)${retries > 0 ? `, ${retryCount(retries)}` : ''}`;
  }
  return [
    `${what} in ${duration(status.elapsedMs / 1000)} (${rate})`,
    ...(resumedBytes > 0 ? [`${bytes(resumedBytes)} were there before`] : []),
    ...(retries > 0 ? [retryCount(retries)] : []),
  ].join(', ');
}

/**
 * Columns that a text takes, or fewer: what terminals disagree about (a family in one emoji) counts as the
 * terminal sees it that joins nothing.
 */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += eastAsianWidth(character.codePointAt(0) ?? 0);
  return width;
}

/** Each as wide as it ever gets, or the line would change its form with the rate. */
function numbersOf(status: TransferStatus): Numbers {
  const { totalBytes, totalFiles, secondsLeft, retries } = status;
  const fraction = fractionOf(status);
  const left = secondsLeft === undefined ? '' : `${clock(secondsLeft)} left`;
  return {
    percent: fraction === undefined ? undefined : `${Math.floor(fraction * 100)}%`.padStart(4),
    done: bytes(status.bytes).padStart(8),
    total: totalBytes === undefined ? undefined : bytes(totalBytes),
    files: totalFiles > 1 ? `${status.files}/${totalFiles} files` : undefined,
    rate: `${bytes(status.bytesPerSecond)}/s`.padStart(10),
    left: fraction === undefined ? undefined : left.padStart(10),
    retries: retries === 0 ? undefined : retryCount(retries),
  };
}

/** @returns undefined where it does not fit */
function fit(
  label: string,
  numbers: readonly (string | undefined)[],
  gap: string,
  room: number,
  bar: { readonly fraction: number | undefined; readonly columns: number } = {
    fraction: undefined,
    columns: 0,
  },
): string | undefined {
  const tail = numbers.filter((part) => part !== undefined).join(gap);
  const free = room - tail.length - gap.length;
  const labelRoom = free - (bar.columns === 0 ? 0 : bar.columns + gap.length);
  if (labelRoom < Math.min(MIN_LABEL, displayWidth(label))) return undefined;
  const shown = shorten(label, labelRoom);
  const barRoom = Math.min(MAX_BAR, free - displayWidth(shown) - gap.length);
  const drawn = bar.fraction === undefined || barRoom < MIN_BAR ? undefined : drawBar(bar.fraction, barRoom);
  return [shown, drawn, tail].filter((part) => part !== undefined && part !== '').join(gap);
}

function drawBar(fraction: number, columns: number): string {
  const inner = columns - 2;
  const filled = Math.floor(fraction * inner);
  const head = filled === inner ? '' : '>';
  return `[${('='.repeat(filled) + head).padEnd(inner)}]`;
}

/** Both ends of a name say what it is: the middle goes. */
function shorten(label: string, columns: number): string {
  if (displayWidth(label) <= columns) return label;
  const parts = [...new Intl.Segmenter().segment(label)].map(({ segment }) => segment);
  const keep = columns - ELLIPSIS.length;
  if (keep <= 0) return '';
  const head = take(parts, Math.ceil(keep / 2));
  const tail = take(parts.reverse(), keep - displayWidth(head.join('')));
  return [...head, ELLIPSIS, ...tail.reverse()].join('');
}

function take(parts: readonly string[], columns: number): string[] {
  let width = 0;
  const end = parts.findIndex((part) => (width += displayWidth(part)) > columns);
  return parts.slice(0, end === -1 ? parts.length : end);
}

function fractionOf({ bytes: done, totalBytes }: TransferStatus): number | undefined {
  if (totalBytes === undefined) return undefined;
  return totalBytes > 0 ? Math.min(1, Math.max(0, done / totalBytes)) : 1;
}

function bytes(count: number): string {
  return prettyBytes(Math.max(0, Math.round(count)), { binary: true });
}

function retryCount(retries: number): string {
  return `${retries} ${retries === 1 ? 'retry' : 'retries'}`;
}

/** `0:05`, `1:02:03`, `3d 04h` */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)}:${two(whole % 60)}`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}:${two((whole / 60) % 60)}:${two(whole % 60)}`;
  const days = Math.floor(whole / 86_400);
  return days > 99 ? '>99d' : `${days}d ${two((whole / 3600) % 24)}h`;
}

/** `8.1 s`, `2 min 5 s`, `1 h 3 min` */
function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
