import { expect, test } from 'vitest';
import { awsServiceUrl, rootRequest } from '../../src/unmanaged-request.ts';

test.each([
  ['s3', 'eu-central-1', 'https://s3.eu-central-1.amazonaws.com/'],
  ['sts', 'us-gov-west-1', 'https://sts.us-gov-west-1.amazonaws.com/'],
  ['s3', 'cn-north-1', 'https://s3.cn-north-1.amazonaws.com.cn/'],
] as const)('%s in %s', (service, region, url) => {
  expect(awsServiceUrl(service, region).href).toBe(url);
});

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
