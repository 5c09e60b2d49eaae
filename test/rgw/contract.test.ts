import { contractSuite } from '../contract/contract-suite.ts';
import { freshBucket, rgwServer } from './rgw-server.ts';

contractSuite('rgw', async () => {
  const server = rgwServer();
  return {
    ...server,
    name: 'rgw',
    bucket: await freshBucket(server),
    prefix: 'ssec-test/',
    ownsBuckets: true,
    close: () => Promise.resolve(),
  };
});
