// npm runs this after every install in the repository, and before packing. Where the build tools are not
// installed (npm ci --omit=dev) there is nothing to do.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let hasTools = true;
try {
  require.resolve('typescript/package.json');
  require.resolve('rolldown/package.json');
} catch {
  hasTools = false;
}
if (hasTools) await import('./build.mjs');
