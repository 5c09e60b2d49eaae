import { startSandbox } from 'ssec-sandbox';
import { accessTo } from '../support/plain-client.ts';
import { contractSuite } from './contract-suite.ts';

contractSuite('sandbox', async () => {
  const sandbox = await startSandbox({ http: true });
  await sandbox.createBucket('contract');
  return {
    ...accessTo(sandbox),
    name: 'sandbox',
    bucket: 'contract',
    prefix: 'ssec-test/',
    ...(sandbox.httpEndpoint === undefined ? {} : { httpEndpoint: sandbox.httpEndpoint }),
    ownsBuckets: true,
    close: () => sandbox.close(),
  };
});
