import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { KEY, type Row } from './world.ts';

const put = ['put', 'data'];

/** Mistakes in the files and variables that settings and credentials come from. */
export const FILES: readonly Row[] = [
  {
    when: 'a secret access key with a carriage return behind it',
    code: 'CREDENTIALS_INVALID',
    exit: 4,
    message: 'AWS_SECRET_ACCESS_KEY in the environment ends with a line end.',
    hints: ['it may come from a file with Windows line ends: tr -d "\\r"'],
    argv: put,
    env: { AWS_SECRET_ACCESS_KEY: 'secret\r' },
    requests: 0,
  },
  {
    when: 'an access key id with a blank in it',
    code: 'CREDENTIALS_INVALID',
    exit: 4,
    message: 'AWS_ACCESS_KEY_ID in the environment holds a blank, or a character that is not ASCII.',
    hints: ['copy it again, without anything around it'],
    argv: ['get', 'there'],
    env: { AWS_ACCESS_KEY_ID: 'AKIA EXAMPLE' },
    requests: 0,
  },
  {
    when: 'a folder as the AWS config file',
    code: 'FILE_UNREADABLE',
    exit: 10,
    message: 'The AWS file "{cwd}/aws-config" cannot be read (EISDIR).',
    argv: [...put, '-p', 'mine'],
    files: { 'aws-config/': '' },
    requests: 0,
  },
  {
    when: 'a quote in .env that does not close',
    code: 'SETTING_INVALID',
    exit: 2,
    message: 'KEY in .env begins with a quote that does not close in its line.',
    hints: ['close the quote, or take it off: values need none'],
    argv: put,
    files: { '.env': `KEY="data\nSSE_CUSTOMER_KEY_BASE64="${KEY}"\n` },
    requests: 0,
  },
  {
    when: 'a key in .env without its name',
    code: 'KEY_MISSING',
    exit: 6,
    message: 'No customer key was given; nothing was sent.',
    hints: [
      'make one: ssec keygen --env',
      'or one for every folder, in the key ring: ssec keys add NAME',
      'or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64',
    ],
    before: ['ssec: line 2 of .env is not read: write NAME=value'],
    argv: put,
    env: { SSE_CUSTOMER_KEY_BASE64: undefined },
    files: { '.env': `# mine\n${KEY.slice(0, 43)}\n` },
    requests: 0,
  },
  {
    when: 'a pipe that happens to be called .env',
    code: 'KEY_MISSING',
    exit: 6,
    message: 'No customer key was given; nothing was sent.',
    hints: [
      'make one: ssec keygen --env',
      'or one for every folder, in the key ring: ssec keys add NAME',
      'or name yours: --key-file FILE, SSE_CUSTOMER_KEY_BASE64',
    ],
    argv: put,
    env: { SSE_CUSTOMER_KEY_BASE64: undefined },
    prepare: ({ cwd }) => {
      execFileSync('mkfifo', [join(cwd, '.env')]);
    },
    requests: 0,
  },
];
