import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { childText, parseXml, type XmlElement } from '../http/parse-xml.ts';
import { invalidArgument, malformedXml } from '../s3-error.ts';
import { type BucketEncryption, type BucketSettings, defaultEncryption } from '../store/bucket-settings.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readRequiredDocument } from './request-document.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html

export function getBucketEncryption({ bucket }: BucketContext): S3Response {
  const { encryption, blockedEncryption } = bucket.settings;
  const byDefault = [
    element('SSEAlgorithm', encryption.algorithm),
    encryption.kmsMasterKeyId === undefined ? '' : element('KMSMasterKeyID', encryption.kmsMasterKeyId),
  ].join('');
  const blocked =
    blockedEncryption === undefined
      ? ''
      : `<BlockedEncryptionTypes>${element('EncryptionType', blockedEncryption)}</BlockedEncryptionTypes>`;
  const rule = `<ApplyServerSideEncryptionByDefault>${byDefault}</ApplyServerSideEncryptionByDefault>${blocked}${element('BucketKeyEnabled', encryption.bucketKeyEnabled)}`;
  return {
    status: 200,
    xml: `${xmlDeclaration}<ServerSideEncryptionConfiguration ${s3Namespace}><Rule>${rule}</Rule></ServerSideEncryptionConfiguration>`,
  };
}

export async function putBucketEncryption(context: BucketContext): Promise<S3Response> {
  const root = parseXml(await readRequiredDocument(context));
  const [rule, ...others] = root.children;
  const isOneRule = rule?.name === 'Rule' && others.length === 0;
  if (root.name !== 'ServerSideEncryptionConfiguration' || !isOneRule) throw malformedXml();
  const known = new Set(['ApplyServerSideEncryptionByDefault', 'BlockedEncryptionTypes', 'BucketKeyEnabled']);
  if (rule.children.length === 0 || rule.children.some(({ name }) => !known.has(name))) throw malformedXml();
  const { bucket } = context;
  // A configuration that does not speak of the block leaves it as it is.
  const blocked = readBlocked(rule) ?? bucket.settings.blockedEncryption;
  bucket.changeSettings({
    ...bucket.settings,
    encryption: readDefault(rule),
    ...(blocked === undefined ? {} : { blockedEncryption: blocked }),
  });
  return { status: 200 };
}

/** The default goes back to SSE-S3. What becomes of the block is not documented; it stays. */
export function deleteBucketEncryption({ bucket }: BucketContext): S3Response {
  bucket.changeSettings({ ...bucket.settings, encryption: defaultEncryption });
  return { status: 204 };
}

function readDefault(rule: XmlElement): BucketEncryption {
  const enabled = childText(rule, 'BucketKeyEnabled') ?? 'false';
  if (enabled !== 'true' && enabled !== 'false') throw malformedXml();
  const bucketKeyEnabled = enabled === 'true';
  const byDefault = rule.children.find(({ name }) => name === 'ApplyServerSideEncryptionByDefault');
  if (byDefault === undefined) return { ...defaultEncryption, bucketKeyEnabled };
  const algorithm = childText(byDefault, 'SSEAlgorithm') ?? '';
  if (!['AES256', 'aws:kms', 'aws:kms:dsse'].includes(algorithm)) throw malformedXml();
  const kmsMasterKeyId = childText(byDefault, 'KMSMasterKeyID');
  if (kmsMasterKeyId !== undefined && algorithm === 'AES256') {
    throw invalidArgument(
      'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      'ApplyServerSideEncryptionByDefault',
    );
  }
  return { algorithm, bucketKeyEnabled, ...(kmsMasterKeyId === undefined ? {} : { kmsMasterKeyId }) };
}

function readBlocked(rule: XmlElement): BucketSettings['blockedEncryption'] {
  const blocked = rule.children.find(({ name }) => name === 'BlockedEncryptionTypes');
  if (blocked === undefined) return undefined;
  const [type, ...more] = blocked.children;
  if (type?.name !== 'EncryptionType' || more.length > 0) throw malformedXml();
  if (type.text !== 'SSE-C' && type.text !== 'NONE') throw malformedXml();
  return type.text;
}
