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
  for (const one of packages) {
    const { manifest } = one;
    const id = licenceId(manifest);
    let text = ownText(one);
    let note = id;
    if (text === undefined) {
      const other = siblingWithText(one, packages);
      text = ownText(other);
      note = `${id}; it ships no text, this is the one of ${other.manifest.name}, from the same repository ${repository(manifest)}`;
    }
    const names = texts.get(text) ?? [];
    texts.set(text, [...names, `${manifest.name} ${manifest.version} (${note})`]);
  }
  return [...texts]
    .map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function ownText({ folder }) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim();
}

/** Some of the SDK's packages are published without the licence that stands in their repository. */
function siblingWithText({ manifest }, packages) {
  const sibling = packages.find(
    (other) =>
      repository(other.manifest) === repository(manifest) &&
      licenceId(other.manifest) === licenceId(manifest) &&
      ownText(other) !== undefined,
  );
  // its licence asks for the text beside the code: better no build than one that may not be given away
  if (repository(manifest) === undefined || sibling === undefined)
    throw new Error(`no text of the licence of ${manifest.name} (${licenceId(manifest)}) is to be found`);
  return sibling;
}

function repository({ repository: value }) {
  const url = typeof value === 'string' ? value : value?.url;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '');
}
