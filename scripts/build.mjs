// Builds the package: the bundles of the command line and of the library, and the library's declarations.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { bundles } from './bundles.mjs';
import { writeThirdParty } from './third-party.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const results = await build(bundles.map((bundle) => ({ cwd: root, ...bundle })));
writeThirdParty(
  root,
  results.flatMap(({ output }) => output).flatMap((chunk) => chunk.moduleIds ?? []),
);
writeBuildId();
emitDeclarations();

/** The code cache must not take one build's code for another's. */
function writeBuildId() {
  const digest = createHash('sha256');
  const scripts = readdirSync(dist).filter((file) => file.endsWith('.cjs'));
  for (const name of scripts.sort()) digest.update(name).update(readFileSync(join(dist, name)));
  writeFileSync(join(dist, 'build-id'), digest.digest('hex'));
}

/** The declarations of the library's interface, without those of its inside, which name the SDK's types. */
function emitDeclarations() {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).bin.tsc);
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' });
  const types = join(dist, 'types');
  const reached = new Set();
  const follow = (file) => {
    if (reached.has(file) || !existsSync(file)) return;
    reached.add(file);
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)\.ts'/g)) {
      follow(`${resolve(dirname(file), specifier)}.d.ts`);
    }
  };
  follow(join(types, 'index.d.ts'));
  for (const name of readdirSync(types, { recursive: true })) {
    if (name.endsWith('.d.ts') && !reached.has(join(types, name))) rmSync(join(types, name));
  }
}
