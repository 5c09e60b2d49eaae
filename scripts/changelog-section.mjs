/** What CHANGELOG.md says of one version, without its heading: the notes of its release. `undefined` = nothing. */
export function changelogSection(changelog, version) {
  const lines = changelog.split('\n');
  const heading = `## ${version}`;
  const start = lines.findIndex((line) => line === heading || line.startsWith(`${heading} `));
  if (start === -1) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith('## '));
  const text = (end === -1 ? rest : rest.slice(0, end)).join('\n').trim();
  return text === '' ? undefined : text;
}
