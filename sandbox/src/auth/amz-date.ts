/** `YYYYMMDDTHHMMSSZ` in milliseconds; NaN where it is none. */
export function parseAmzDate(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

export function formatAmzDate(time: number): string {
  return new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** How far a client's clock may be ahead, and behind unless the signature says how long it is good. */
export const maxSkewMs = 15 * 60_000;
