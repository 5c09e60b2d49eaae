import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Import {
  readonly specifier: string;
  readonly dynamic: boolean;
  readonly typeOnly: boolean;
}

/** The code without its comments, which may speak of what the code must not touch. */
function codeOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '$1');
}

function importsOf(file: string): Import[] {
  const code = codeOf(file);
  const statics = [...code.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?from\s+)?'([^']+)'/gm)].map(
    (match) => {
      const named = /^\{([^}]*)\}\s*from\s*$/
        .exec(match[2] ?? '')?.[1]
        ?.split(',')
        .map((name) => name.trim());
      const allTypes =
        named?.filter((name) => name !== '').every((name) => name.startsWith('type ')) ?? false;
      return { specifier: match[3] ?? '', dynamic: false, typeOnly: match[1] !== undefined || allTypes };
    },
  );
  const dynamics = [...code.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)].map((match) => ({
    specifier: match[1] ?? '',
    dynamic: true,
    typeOnly: false,
  }));
  return [...statics, ...dynamics];
}

/** Path from the root, with slashes; a package's name stays as it is. */
function target(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return relative(root, resolve(root, dirname(file), specifier)).replaceAll('\\', '/');
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll('\\', '/')))
    .filter((file) => file.endsWith('.ts'));
}

const all = filesIn('src');
const isLibrary = (file: string): boolean =>
  /^src\/[^/]+\.ts$/.test(file) || /^src\/(transfer|transport|keys|rekey)\//.test(file);
const library = all.filter(isLibrary);
const settings = all.filter((file) => file.startsWith('src/settings/'));
const cli = all.filter((file) => file.startsWith('src/cli/'));

test('the walk sees what there is', () => {
  expect(library.length).toBeGreaterThan(15);
  expect(settings.length).toBeGreaterThan(5);
  expect(cli.length).toBeGreaterThan(10);
  expect(importsOf('src/client.ts').map(({ specifier }) => specifier)).toContain('@aws-sdk/client-s3');
  expect(importsOf('src/cli/session.ts')).toContainEqual({
    specifier: '../client.ts',
    dynamic: false,
    typeOnly: true,
  });
  expect(importsOf('src/cli/session.ts')).toContainEqual({
    specifier: '../client.ts',
    dynamic: true,
    typeOnly: false,
  });
});

describe('one direction: cli -> settings -> library', () => {
  test.each(library)('%s knows neither settings nor command line', (file) => {
    for (const { specifier } of importsOf(file)) {
      const to = target(file, specifier);
      expect(to).not.toMatch(/^(src\/(settings|cli|start)\/|bin\/|sandbox\/|ssec-sandbox)/);
      if (to.startsWith('src/')) expect(isLibrary(to), `${file} -> ${to}`).toBe(true);
    }
  });

  test.each(settings)('%s does not know the command line', (file) => {
    for (const { specifier } of importsOf(file)) {
      expect(target(file, specifier)).not.toMatch(/^(src\/(cli|start)\/|bin\/|sandbox\/|ssec-sandbox)/);
    }
  });

  test.each(filesIn('sandbox/src'))('%s shares no code with the client', (file) => {
    for (const { specifier } of importsOf(file)) {
      expect(target(file, specifier)).not.toMatch(/^(src|bin|test)\/|^ssec$|^\.\./);
    }
  });

  test.each(all)('%s loads no sandbox by itself', (file) => {
    for (const { specifier } of importsOf(file)) expect(specifier).not.toMatch(/ssec-sandbox|selfsigned/);
  });
});

describe('the process belongs to the start alone', () => {
  test.each([...library, ...settings])('%s', (file) => {
    const code = codeOf(file);
    expect(code).not.toMatch(/\bprocess\b\s*[.[?]/);
    expect(code).not.toMatch(/\bconsole\b\s*\./);
    const packages = importsOf(file).map(({ specifier }) => specifier);
    for (const name of [
      'node:process',
      'node:console',
      'commander',
      'get-east-asian-width',
      'proxy-from-env',
    ]) {
      expect(packages).not.toContain(name);
    }
  });

  test.each(cli.filter((file) => file !== 'src/cli/main.ts'))('%s', (file) => {
    expect(codeOf(file)).not.toMatch(/\bprocess\b\s*[.[?]/);
    expect(codeOf(file)).not.toMatch(/\bconsole\b\s*\./);
  });

  test('nobody ends it', () => {
    for (const file of all)
      expect(codeOf(file), file).not.toMatch(/\bprocess\s*\.\s*(exit|abort|reallyExit)\b/);
  });
});

/** Every file and package that is loaded with a file, before any action runs. */
function loadedWith(entry: string): Set<string> {
  const seen = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (!file.startsWith('src/')) continue;
    for (const { specifier, dynamic, typeOnly } of importsOf(file)) {
      if (!dynamic && !typeOnly) queue.push(target(file, specifier));
    }
  }
  return seen;
}

describe('what a start costs', () => {
  const packages = (entry: string): string[] =>
    [...loadedWith(entry)].filter((name) => !name.startsWith('src/') && !name.startsWith('node:'));

  test('ssec --help loads commander and no SDK', () => {
    const loaded = packages('src/cli/main.ts');
    expect(loaded).toContain('commander');
    for (const name of loaded) expect(name).not.toMatch(/^@(aws-sdk|smithy)\//);
    for (const heavy of ['hpagent', 'mime', 'proxy-from-env', 'selfsigned'])
      expect(loaded).not.toContain(heavy);
  });

  test('ssec keygen loads no SDK', () => {
    const [keygen] = all.filter((file) => file.endsWith('commands/keygen.ts'));
    if (keygen === undefined) throw new Error('there is no keygen');
    const entries = [
      keygen,
      ...importsOf(keygen)
        .filter(({ dynamic }) => dynamic)
        .map(({ specifier }) => target(keygen, specifier)),
    ];
    expect(entries).toContain('src/settings/env-file-key.ts');
    for (const entry of entries) {
      for (const name of packages(entry)) expect(name, entry).not.toMatch(/^@(aws-sdk|smithy)\//);
    }
  });

  test('the walk would find it', () => {
    expect(packages('src/put-object.ts')).toContain('@aws-sdk/client-s3');
  });
});
