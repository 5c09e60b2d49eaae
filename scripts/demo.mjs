// The main job, on a local S3 and a real photo: each step as a person would type it, and what it prints.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSandbox } from 'ssec-sandbox';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ssec-demo-'));
let sandbox;

try {
  say('A local S3 that does SSE-C, over HTTPS, and an empty folder:');
  sandbox = await startSandbox();
  await sandbox.createBucket('photos');
  console.log(`  ${sandbox.endpoint}, bucket "photos"\n`);
  copyFileSync(join(root, 'examples/sample.jpg'), join(folder, 'sample.jpg'));

  say('1. Make a key, once. Only you have it: S3 keeps no copy.');
  await ssec('keygen', '--env');

  say('2. Upload the photo. S3 encrypts it with that key and forgets the key.');
  await ssec('put', 'sample.jpg');

  say('3. Download it.');
  const path = (await ssec('get', 'sample.jpg')).trim();

  say('4. The same bytes?');
  const digest = (name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  for (const name of ['sample.jpg', path]) console.log(`  sha256 ${digest(name)}  ${name}`);
  if (digest('sample.jpg') !== digest(path))
    throw new Error('the downloaded photo is not the one that went up');
  console.log('  yes\n');

  say('5. Whoever has your credentials, but not the key, gets nothing:');
  await ssec(
    { env: { SSE_CUSTOMER_KEY_BASE64: '' }, shown: 'SSE_CUSTOMER_KEY_BASE64= ', exit: 6 },
    'get',
    'sample.jpg',
    '--verbose',
  );

  say('6. Nor does another key open it:');
  await ssec('keygen', '-o', 'other.key');
  await ssec({ exit: 6 }, 'get', 'sample.jpg', '--key-file', 'other.key', '--verbose');

  say('The same on AWS or on any S3 that does SSE-C:');
  console.log(`  echo BUCKET_NAME=my-bucket >> .env      your bucket, and PROFILE=... if not the default one
  npx ssec keygen --env
  npx ssec bucket allow-sse-c             once, for a bucket made since April 2026
  npx ssec put examples/sample.jpg
  npx ssec get sample.jpg
  Another provider: AWS_ENDPOINT_URL_S3=https://... in .env. README.md has the rest.`);
} finally {
  await sandbox?.close();
  rmSync(folder, { recursive: true, force: true });
}

function say(text) {
  console.log(text);
}

/** Runs `ssec` in the demo's folder, shows it as typed, and returns its stdout. */
function ssec(first, ...rest) {
  const { env = {}, shown = '', exit = 0 } = typeof first === 'string' ? {} : first;
  const args = typeof first === 'string' ? [first, ...rest] : rest;
  console.log(`  $ ${shown}ssec ${args.join(' ')}`);
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [join(root, 'bin/ssec.js'), ...args], {
      cwd: folder,
      // nothing of the caller's own settings: the demo shows the sandbox, whatever .env or profile there is
      env: { PATH: process.env.PATH, HOME: folder, ...sandbox.env('photos'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    const show = (chunk) => process.stdout.write(chunk.toString().replace(/^(?=.)/gm, '  '));
    child.stdout.on('data', (chunk) => {
      out += chunk;
      show(chunk);
    });
    child.stderr.on('data', show);
    child.on('error', failed);
    child.on('close', (code) => {
      console.log(exit === 0 ? '' : `  (exit code ${code})\n`);
      if (code === exit) done(out);
      else failed(new Error(`ssec ${args.join(' ')} ended with ${code}, not ${exit}`));
    });
  });
}
