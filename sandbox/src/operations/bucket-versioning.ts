import { childText, parseXml } from '../http/parse-xml.ts';
import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { malformedXml, notImplemented, S3Error } from '../s3-error.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readOptionalDocument } from './request-document.ts';

/**
 * Where it was never switched on S3 names no status.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketVersioning.html
 */
export function getBucketVersioning({ bucket }: BucketContext): S3Response {
  const { versioning } = bucket.settings;
  const status = versioning === undefined ? '' : element('Status', versioning);
  return {
    status: 200,
    xml: `${xmlDeclaration}<VersioningConfiguration ${s3Namespace}>${status}</VersioningConfiguration>`,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html */
export async function putBucketVersioning(context: BucketContext): Promise<S3Response> {
  const { bucket } = context;
  const root = parseXml(await readOptionalDocument(context));
  if (root.name !== 'VersioningConfiguration') throw malformedXml();
  const mfaDelete = childText(root, 'MfaDelete');
  if (mfaDelete !== undefined && mfaDelete !== 'Disabled') throw notImplemented('<MfaDelete>');
  const versioning = childText(root, 'Status');
  if (versioning === undefined) {
    throw new S3Error(
      400,
      'IllegalVersioningConfigurationException',
      'The Versioning element must be specified',
    );
  }
  if (versioning !== 'Enabled' && versioning !== 'Suspended') throw malformedXml();
  bucket.changeSettings({ ...bucket.settings, versioning });
  return { status: 200 };
}
