// The packages whose code is inside the bundles: their licences, and a CycloneDX bill of materials.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** @param moduleIds paths of all files that went into the bundles */
export function writeThirdParty(root, moduleIds) {
  const folders = new Set();
  for (const id of moduleIds) {
    const match = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id);
    if (match !== null) folders.add(match[1]);
  }
  const packages = [...folders]
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
    .sort((a, b) => (a.manifest.name < b.manifest.name ? -1 : 1));
  writeFileSync(join(root, 'dist/THIRD-PARTY-LICENSES.txt'), licenceTexts(packages));
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', name, version, 'bom-ref': purl({ name, version }) } },
    components: packages.map(({ manifest }) => ({
      type: 'library',
      'bom-ref': purl(manifest),
      name: manifest.name,
      version: manifest.version,
      purl: purl(manifest),
      licenses: [{ license: { id: licenceId(manifest) } }],
    })),
  };
  writeFileSync(join(root, 'dist/sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`);
}

function purl({ name, version }) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function licenceId(manifest) {
  if (typeof manifest.license !== 'string') throw new Error(`${manifest.name} states no licence`);
  return manifest.license;
}

/** Every text once, under the names of the packages that it belongs to. */
function licenceTexts(packages) {
  const texts = new Map();
  for (const { folder, manifest } of packages) {
    const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
    const id = licenceId(manifest);
    const text =
      file === undefined
        ? `${id} (the package holds no text of it)`
        : readFileSync(join(folder, file), 'utf8').trim();
    const names = texts.get(text) ?? [];
    texts.set(text, [...names, `${manifest.name} ${manifest.version} (${id})`]);
  }
  return [...texts]
    .map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}
