import { expect, test } from 'vitest';
import { rootRequest } from '../../src/unmanaged-request.ts';

test('the port goes along where it is not the usual one', () => {
  const headers = { host: '127.0.0.1:7443', 'user-agent': 'ssec' };
  expect(rootRequest(new URL('https://127.0.0.1:7443'), { method: 'HEAD' })).toMatchObject({
    method: 'HEAD',
    hostname: '127.0.0.1',
    port: 7443,
    path: '/',
    headers,
  });
  expect(rootRequest(new URL('https://s3.example'), { method: 'HEAD' }).port).toBeUndefined();
});
