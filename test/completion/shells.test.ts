import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolders } from '../support/temp-folder.ts';
import { Terminal } from './terminal.ts';

const bin = fileURLToPath(new URL('../../bin/ssec.js', import.meta.url));
const bashCompletion = '/usr/share/bash-completion/bash_completion';
const freshFolder = temporaryFolders('completion');

function installed(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

interface World {
  readonly home: string;
  readonly environment: Record<string, string>;
  readonly script: string;
}

/** A home with profiles and files; its `ssec` only tells that it was started. */
function world(shell: string): World {
  const home = freshFolder();
  mkdirSync(join(home, '.aws'));
  mkdirSync(join(home, 'bin'));
  writeFileSync(
    join(home, '.aws/config'),
    '[default]\n[profile work]\nregion = a\n[sso-session wo]\n[profile "my profile"]\n',
  );
  writeFileSync(join(home, '.aws/credentials'), '[default]\n[ci-robot]\naws_access_key_id = [x]\n');
  writeFileSync(join(home, 'elsewhere'), '[profile other]\n');
  mkdirSync(join(home, '.config/ssec/keys/retired'), { recursive: true });
  for (const name of ['yearly.key', 'retired/old-one.key', '.hidden.key', 'two words.key', 'default'])
    writeFileSync(join(home, '.config/ssec/keys', name), '');
  writeFileSync(join(home, 'sample file.jpg'), '');
  writeFileSync(join(home, 'bin/ssec'), `#!/bin/sh\ntouch '${home}/started'\n`, { mode: 0o755 });
  const script = join(home, `ssec.${shell}`);
  writeFileSync(script, execFileSync(process.execPath, [bin, 'completion', shell], { encoding: 'utf8' }));
  return {
    home,
    script,
    environment: { HOME: home, PATH: `${home}/bin:/usr/local/bin:/usr/bin:/bin`, LANG: 'C.UTF-8' },
  };
}

interface Setup {
  readonly name: string;
  readonly shell: 'bash' | 'zsh' | 'fish';
  readonly missing: boolean;
  readonly argv: (folder: World) => string[];
}

const setups: Setup[] = [
  {
    name: 'bash alone',
    shell: 'bash',
    missing: !installed('bash'),
    argv: ({ home, script }) => {
      writeFileSync(
        join(home, 'rc'),
        `PS1='> '\nbind 'set show-all-if-ambiguous on'\nbind 'set enable-bracketed-paste off'\n. ${script}\n`,
      );
      return ['bash', '--noprofile', '--rcfile', join(home, 'rc'), '-i'];
    },
  },
  {
    name: 'bash with the package bash-completion',
    shell: 'bash',
    missing: !installed('bash') || !existsSync(bashCompletion),
    argv: ({ home, script }) => {
      const folder = join(home, '.local/share/bash-completion/completions');
      mkdirSync(folder, { recursive: true });
      execFileSync('cp', [script, join(folder, 'ssec')]);
      writeFileSync(
        join(home, 'rc'),
        `PS1='> '\nbind 'set show-all-if-ambiguous on'\nbind 'set enable-bracketed-paste off'\n. ${bashCompletion}\n`,
      );
      return ['bash', '--noprofile', '--rcfile', join(home, 'rc'), '-i'];
    },
  },
  {
    name: 'zsh, evaluated',
    shell: 'zsh',
    missing: !installed('zsh'),
    argv: ({ home, script }) => {
      writeFileSync(join(home, '.zshrc'), `PS1='> '\nautoload -Uz compinit\ncompinit -u\n. ${script}\n`);
      return ['zsh', '-i'];
    },
  },
  {
    name: 'zsh, from its fpath',
    shell: 'zsh',
    missing: !installed('zsh'),
    argv: ({ home, script }) => {
      mkdirSync(join(home, 'fpath'));
      execFileSync('cp', [script, join(home, 'fpath/_ssec')]);
      writeFileSync(
        join(home, '.zshrc'),
        `PS1='> '\nfpath=(${home}/fpath $fpath)\nautoload -Uz compinit\ncompinit -u\n`,
      );
      return ['zsh', '-i'];
    },
  },
  {
    name: 'fish',
    shell: 'fish',
    missing: !installed('fish'),
    argv: ({ home, script }) => {
      const folder = join(home, '.config/fish');
      mkdirSync(join(folder, 'completions'), { recursive: true });
      execFileSync('cp', [script, join(folder, 'completions/ssec.fish')]);
      writeFileSync(
        join(folder, 'config.fish'),
        "set -g fish_greeting\nset -g fish_autosuggestion_enabled 0\nfunction fish_prompt; printf '> '; end\n",
      );
      return ['fish', '-i'];
    },
  },
];

const tmux = installed('tmux');

/** What is typed before TAB, and how the line begins, or what is listed, after it. */
const cases: readonly (readonly [string, RegExp])[] = [
  ['ssec pu', /^> ssec put $|^> ssec put$/m],
  ['ssec ', /keygen[\s\S]*uploads|uploads[\s\S]*keygen/],
  ['ssec --ver', /^> ssec --version/m],
  ['ssec doctor --no-w', /^> ssec doctor --no-write/m],
  ['ssec bucket al', /^> ssec bucket allow-sse-c/m],
  ['ssec help keyg', /^> ssec help keygen/m],
  ['ssec sandbox --bl', /^> ssec sandbox --block-sse-c/m],
  ['ssec sandbox --fault x --fa', /^> ssec sandbox --fault x --fault/m],
  ['ssec completion f', /^> ssec completion fish/m],
  ['ssec st', /^> ssec stat $|^> ssec stat$/m],
  ['ssec rm --lit', /^> ssec rm --literal/m],
  ['ssec get --version-', /^> ssec get --version-id/m],
  ['ssec put --tag-', /^> ssec put --tag-key/m],
  ['ssec put --rec', /^> ssec put --recursive/m],
  ['ssec put --checksum ', /auto[\s\S]*crc32[\s\S]*md5/],
  ['ssec put --checksum m', /^> ssec put --checksum md5/m],
  ['ssec put --checksum=m', /^> ssec put --checksum=md5/m],
  ['ssec get --progress=js', /^> ssec get --progress=json/m],
  ['ssec get -p wo', /^> ssec get -p work/m],
  ['ssec get --profile ci', /^> ssec get --profile ci-robot/m],
  ['ssec get --profile=ci', /^> ssec get --profile=ci-robot/m],
  ['ssec bucket allow-sse-c -p my', /^> ssec bucket allow-sse-c -p my\\ profile/m],
  ['ssec put --key-name ye', /^> ssec put --key-name yearly/m],
  ['ssec get --key-name=ol', /^> ssec get --key-name=old-one/m],
  ['ssec rekey --from ol', /^> ssec rekey --from old-one/m],
  ['ssec rekey --to=ye', /^> ssec rekey --to=yearly/m],
  ['ssec keys default ye', /^> ssec keys default yearly/m],
  ['ssec keys retire ye', /^> ssec keys retire yearly/m],
  ['ssec keys export ol', /^> ssec keys export old-one/m],
  ['ssec keys export --for rc', /^> ssec keys export --for rclone/m],
  ['ssec keys re', /^> ssec keys retire/m],
  ['ssec put sam', /^> ssec put sample\\ file\.jpg/m],
  ['ssec put --key-file sam', /^> ssec put --key-file sample\\ file\.jpg/m],
  ['ssec keygen --env=sam', /^> ssec keygen --env=sample\\ file\.jpg/m],
  ['ssec keygen -o sam', /^> ssec keygen -o sample\\ file\.jpg/m],
  ['ssec put -- sam', /^> ssec put -- sample\\ file\.jpg/m],
  ['ssec put -b put sam', /^> ssec put -b put sample\\ file\.jpg/m],
];

/** Nothing may be put behind these. */
const nothing = [
  'ssec get sam',
  'ssec put -- --rec',
  'ssec put s3:x sam',
  'ssec put -b sam',
  'ssec keygen pu',
];

describe.each(setups)('$name', ({ shell, missing, argv }) => {
  describe.skipIf(missing || !tmux)(missing || !tmux ? `needs ${shell} and tmux` : 'in a terminal', () => {
    let place: World;
    let terminal: Terminal;

    beforeAll(async () => {
      place = world(shell);
      terminal = new Terminal(argv(place), { cwd: place.home, environment: place.environment });
      await terminal.until(/^>$/);
    });

    afterAll(() => {
      terminal.close();
      expect(existsSync(join(place.home, 'started')), 'ssec was started').toBe(false);
    });

    // A shell drops what is typed before it has answered a Ctrl-C, so the new prompt is waited for.
    async function freshLine(): Promise<void> {
      if (!/(^|\n)>$/.test(terminal.screen())) terminal.press('C-c');
      await terminal.until(/(^|\n)>$/);
      terminal.type('clear');
      terminal.press('Enter');
      await terminal.until(/^>$/);
    }

    test.each(cases)('%s', async (typed, looks) => {
      await freshLine();
      terminal.type(typed);
      terminal.press('Tab');
      await terminal.until(looks);
    });

    test.each(nothing)('%s: nothing', async (typed) => {
      await freshLine();
      terminal.type(typed);
      terminal.press('Tab');
      terminal.type('X');
      await terminal.until(new RegExp(`^> ${typed}X$`, 'm'));
    });

    test('profiles of other files', async () => {
      await freshLine();
      terminal.type(`export AWS_CONFIG_FILE=${place.home}/elsewhere && echo d'on'e`);
      terminal.press('Enter');
      await terminal.until(/^done$/m);
      await freshLine();
      terminal.type('ssec get -p oth');
      terminal.press('Tab');
      await terminal.until(/^> ssec get -p other/m);
    });
  });
});

describe.each(['bash', 'zsh', 'fish'] as const)('the script for %s', (shell) => {
  test.skipIf(!installed(shell))('is read without a complaint', () => {
    const { status, stderr } = spawnSync(shell, ['-n', world(shell).script], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

test.skipIf(!installed('shellcheck'))('shellcheck has nothing to say of the script for bash', () => {
  const { status, stdout } = spawnSync('shellcheck', [world('bash').script], { encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});
