import type { CommanderError } from 'commander';

/** Words of other tools, and what they are called here. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'put-object': ['ssec put FILE'],
  upload: ['ssec put FILE'],
  push: ['ssec put FILE'],
  'get-object': ['ssec get NAME'],
  download: ['ssec get NAME'],
  pull: ['ssec get NAME'],
  cp: ['up: ssec put FILE s3://bucket/key', 'down: ssec get s3://bucket/key -o FILE'],
  copy: ['up: ssec put FILE s3://bucket/key', 'down: ssec get s3://bucket/key -o FILE'],
  sync: ['up: ssec put -r FOLDER --skip-existing', 'down: ssec get -r PREFIX -o FOLDER --skip-existing'],
  check: ['ssec doctor'],
};

/** What a word of another tool is called here, or where a key goes. */
export function meantBy(error: CommanderError): readonly string[] {
  if (error.code === 'commander.unknownCommand') {
    const [, word = ''] = /unknown command '(.*)'/s.exec(error.message) ?? [];
    return Object.hasOwn(ELSEWHERE, word) ? (ELSEWHERE[word] ?? []) : [];
  }
  if (
    error.code === 'commander.unknownOption' &&
    /'--(?:key|sse-c-key|sse-customer-key)(?:=.*)?'/.test(error.message)
  )
    return ['no option takes the key itself: --key-file FILE, or SSE_CUSTOMER_KEY_BASE64'];
  return [];
}
