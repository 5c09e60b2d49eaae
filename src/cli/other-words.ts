import type { CommanderError } from 'commander';

const PUT = ['ssec put FILE'];
const GET = ['ssec get NAME'];
const COPY = ['up: ssec put FILE s3://bucket/key', 'down: ssec get s3://bucket/key -o FILE'];
const LIST = ['ssec ls PREFIX'];
const LOOK = ['ssec stat NAME'];
const MOVE = [...COPY, 'when the copy is there: ssec rm s3://bucket/key'];
const REMOVE = ['ssec rm NAME'];
const SYNC = [
  'up: ssec put -r FOLDER --skip-existing',
  'down: ssec get -r PREFIX -o FOLDER --skip-existing',
  'what is gone on one side stays on the other: ssec deletes nothing by pattern, on purpose',
];
const MAKE_BUCKET = [
  'ssec makes no buckets: aws s3 mb s3://BUCKET',
  'then let it take SSE-C: ssec bucket allow-sse-c BUCKET',
];
const KEYGEN = ['ssec keygen --env'];
const UPLOADS = ['ssec uploads'];

/** Words of other tools, and what comes nearest here. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'put-object': PUT,
  upload: PUT,
  push: PUT,
  encrypt: PUT,
  'get-object': GET,
  download: GET,
  pull: GET,
  decrypt: GET,
  cat: ['ssec get NAME -o -'],
  pipe: ['ssec put - NAME'],
  cp: COPY,
  copy: COPY,
  mv: MOVE,
  move: MOVE,
  list: LIST,
  dir: LIST,
  lsf: LIST,
  lsl: LIST,
  du: ['objects and bytes, by key: ssec ls PREFIX --summary'],
  'list-objects': LIST,
  'list-objects-v2': LIST,
  'list-object-versions': ['ssec ls PREFIX --versions'],
  head: LOOK,
  info: LOOK,
  'head-object': LOOK,
  'get-object-attributes': LOOK,
  del: REMOVE,
  delete: REMOVE,
  remove: REMOVE,
  'delete-object': REMOVE,
  sync: SYNC,
  mirror: SYNC,
  mb: MAKE_BUCKET,
  'create-bucket': MAKE_BUCKET,
  rb: ['ssec deletes no buckets: aws s3 rb s3://BUCKET'],
  'delete-bucket': ['ssec deletes no buckets: aws s3 rb s3://BUCKET'],
  'list-multipart-uploads': UPLOADS,
  'abort-multipart-upload': UPLOADS,
  genkey: KEYGEN,
  init: KEYGEN,
  config: ['settings come from flags, the environment and .env; what is set: ssec doctor'],
  configure: ['settings come from flags, the environment and .env; what is set: ssec doctor'],
  check: ['ssec doctor'],
  show: ['ssec bucket show'],
  policy: ['ssec bucket policy'],
  'allow-sse-c': ['ssec bucket allow-sse-c'],
  'block-sse-c': ['ssec bucket block-sse-c'],
  version: ['ssec --version'],
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
