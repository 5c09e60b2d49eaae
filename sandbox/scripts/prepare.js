// `prepare` also runs where the compiler was left out (npm ci --omit=dev): then there is nothing to build.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));

function findCompiler() {
  try {
    const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
    return join(dirname(manifest), 'bin', 'tsc');
  } catch {
    return undefined;
  }
}

const compiler = findCompiler();
if (compiler !== undefined) {
  execFileSync(process.execPath, [compiler, '-p', join(packageFolder, 'tsconfig.build.json')], {
    stdio: 'inherit',
  });
}
