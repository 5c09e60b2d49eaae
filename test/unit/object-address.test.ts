import { describe, expect, test } from 'vitest';
import {
  checkBucketName,
  checkObjectKey,
  formatObjectAddress,
  parseObjectAddress,
} from '../../src/object-address.ts';
import { thrown } from './support/thrown.ts';

describe('reading an address', () => {
  test.each([
    ['s3://b/k', { bucket: 'b', key: 'k' }],
    ['s3://b/dir/k.jpg', { bucket: 'b', key: 'dir/k.jpg' }],
    ['s3://b', { bucket: 'b', key: '' }],
    ['s3://b/', { bucket: 'b', key: '' }],
    ['s3://b//k', { bucket: 'b', key: '/k' }],
    ['s3://b/a/../c', { bucket: 'b', key: 'a/../c' }],
    ['s3://b/a%20b+c', { bucket: 'b', key: 'a%20b+c' }],
    ['s3://b/k?versionId=1#x', { bucket: 'b', key: 'k?versionId=1#x' }],
    ['s3://b/line\nbreak', { bucket: 'b', key: 'line\nbreak' }],
    ['s3://b/ü/日本', { bucket: 'b', key: 'ü/日本' }],
    ['b/k', undefined],
    ['./s3://b/k', undefined],
  ])('%s', (text, address) => {
    expect(parseObjectAddress(text)).toEqual(address);
  });

  test.each(['S3://b/k', 's3:/b/k', 's3//b/k', 's3:k', 'https://b/k'])('%s is refused', (text) => {
    expect(() => parseObjectAddress(text)).toThrow(/neither an address nor likely to be an object key/);
  });

  test.each(['s3://', 's3:///k'])('%s names no bucket', (text) => {
    expect(thrown(() => parseObjectAddress(text)).code).toBe('USAGE');
  });

  test('format writes the key as it is', () => {
    expect(formatObjectAddress({ bucket: 'b', key: 'a b/ü?#' })).toBe('s3://b/a b/ü?#');
  });
});

describe('bucket names', () => {
  test.each(['abc', 'my-bucket', 'my.bucket.example', 'Old_Bucket', 'a'.repeat(63), '123'])(
    '%s passes',
    (name) => {
      expect(() => checkBucketName(name)).not.toThrow();
    },
  );

  test.each([
    ['', 'SETTING_INVALID', /is not a bucket name/],
    ['ab', 'SETTING_INVALID', /is not a bucket name/],
    ['-ab', 'SETTING_INVALID', /is not a bucket name/],
    ['ab.', 'SETTING_INVALID', /is not a bucket name/],
    ['a..b', 'SETTING_INVALID', /is not a bucket name/],
    ['a/b', 'SETTING_INVALID', /is not a bucket name/],
    ['a b c', 'SETTING_INVALID', /is not a bucket name/],
    ['evil.example/#', 'SETTING_INVALID', /is not a bucket name/],
    ['user@host', 'SETTING_INVALID', /is not a bucket name/],
    ['bücket', 'SETTING_INVALID', /is not a bucket name/],
    ['abc\n', 'SETTING_INVALID', /is not a bucket name/],
    ['a'.repeat(300), 'SETTING_INVALID', /is not a bucket name/],
    ['XXXXXXXX', 'SETTING_INVALID', /still the placeholder/],
    ['arn:aws:s3:us-east-1:123456789012:accesspoint/a', 'NOT_SUPPORTED', /Access points/],
    ['photos--use1-az4--x-s3', 'NOT_SUPPORTED', /directory bucket/],
  ])('%s does not', (name, code, sentence) => {
    const error = thrown(() => checkBucketName(name));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(sentence);
  });
});

describe('object keys', () => {
  test.each([['k'], ['/'], ['\0'], ['a'.repeat(1024)], ['ü'.repeat(512)]])('%j passes', (key) => {
    expect(() => checkObjectKey(key)).not.toThrow();
  });

  test.each([
    ['', /is empty/],
    ['a'.repeat(1025), /1025 bytes/],
    ['ü'.repeat(513), /1026 bytes/],
  ])('%j does not', (key, sentence) => {
    const error = thrown(() => checkObjectKey(key));
    expect(error.code).toBe('USAGE');
    expect(error.message).toMatch(sentence);
  });
});
