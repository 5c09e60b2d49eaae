/** Lines that a POSIX shell reads back with `eval` or `.`. */
export function shellExports(variables: Readonly<Record<string, string>>, unset: readonly string[]): string {
  const names = unset.filter((name) => !(name in variables));
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${shellQuote(value)}`);
  return [`unset ${names.join(' ')}`, ...exports, ''].join('\n');
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
