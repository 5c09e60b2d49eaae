import { interopSuite } from '../contract/interop-suite.ts';
import { freshBucket, rgwEnvironment, rgwServer } from './rgw-server.ts';

interopSuite(
  async () => {
    const server = rgwServer();
    const bucket = await freshBucket(server);
    return { env: rgwEnvironment(server, bucket), bucket, close: () => Promise.resolve() };
  },
  {
    mustHaveTools: process.env['SSEC_TEST_SERVER'] === 'rgw',
    tools: true,
    readsNeedKeyMd5: true,
    copiesBetweenKeys: false,
  },
);
