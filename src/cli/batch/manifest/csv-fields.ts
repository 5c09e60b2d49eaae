/**
 * The fields of a record of CSV that stands on one line (RFC 4180): in quotes, where a quote is written twice, or
 * without.
 *
 * @returns undefined where the quotes do not match
 */
export function csvFields(line: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    if (line[at] === '"') {
      const end = closingQuote(line, at + 1);
      if (end === -1) return undefined;
      fields.push(line.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 1;
    } else {
      const comma = line.indexOf(',', at);
      const end = comma === -1 ? line.length : comma;
      const field = line.slice(at, end);
      if (field.includes('"')) return undefined;
      fields.push(field);
      at = end;
    }
    if (at === line.length) return fields;
    if (line[at] !== ',') return undefined;
  }
}

function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at !== -1; at = line.indexOf('"', at + 2))
    if (line[at + 1] !== '"') return at;
  return -1;
}
