import { startSandbox } from 'ssec-sandbox';
import { interopSuite } from './interop-suite.ts';

interopSuite(
  async () => {
    const sandbox = await startSandbox();
    await sandbox.createBucket('interop');
    return { env: sandbox.env('interop'), bucket: 'interop', close: () => sandbox.close() };
  },
  // the tools by themselves are tried with the sandbox's own tests
  { mustHaveTools: false, tools: false, copiesBetweenKeys: true },
);
