import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fencedBlocks } from '../support/markdown-blocks.ts';
import { temporaryFolders } from '../support/temp-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
const folder = temporaryFolders('library');

describe('docs/library.md', () => {
  test('has examples that compile against the built declarations', () => {
    const cwd = folder();
    const blocks = fencedBlocks(page, 'ts').join('\n');
    const names = [...blocks.matchAll(/import \{([^}]*)\} from 'ssec';/g)].flatMap(([, list = '']) =>
      list.split(',').map((name) => name.trim()),
    );
    const used = [...new Set([...names, 'getObjectStream', 'listObjects', 'listObjectVersions'])].join(', ');
    const module = [
      `import { ${used} } from ${JSON.stringify(join(root, 'dist/types/index.d.ts').replace(/\.d\.ts$/, '.js'))};`,
      `import { pipeline } from 'node:stream/promises';`,
      `import { PassThrough } from 'node:stream';`,
      `const unpack = new PassThrough();`,
      blocks
        .replace(/import \{[^}]*\} from 'ssec';/g, '')
        .replace('const { object, stream }', 'const { stream }'),
    ].join('\n');
    writeFileSync(join(cwd, 'example.mts'), module);
    const compile = (): string =>
      spawnSync(
        process.execPath,
        [
          join(root, 'node_modules/typescript/bin/tsc'),
          '--noEmit',
          '--strict',
          '--target',
          'es2022',
          '--module',
          'nodenext',
          '--types',
          'node',
          '--typeRoots',
          join(root, 'node_modules/@types'),
          '--ignoreConfig',
          'example.mts',
        ],
        { cwd, encoding: 'utf8' },
      ).stdout;
    expect(compile()).toBe('');
  });
});
