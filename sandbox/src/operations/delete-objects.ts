import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { childText, parseXml, type XmlElement } from '../http/parse-xml.ts';
import { malformedXml, noSuchVersion, notImplemented, S3Error } from '../s3-error.ts';
import { isVersionId } from '../store/version-id.ts';
import { objectArn, requireAllowed } from './account.ts';
import { type Deletion, type DeletionResult, deleteVersion } from './delete-version.ts';
import { requireKeyLength } from './key-length.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readRequiredDocument } from './request-document.ts';

const maxKeys = 1000;
const knownElements = new Set(['Key', 'VersionId', 'ETag']);

/**
 * Each object for itself: what fails for one is an element of the answer, which is 200.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
export async function deleteObjects(context: BucketContext): Promise<S3Response> {
  const root = parseXml(await readRequiredDocument(context, 'Content-MD5'));
  const objects = root.children.filter(({ name }) => name === 'Object');
  if (root.name !== 'Delete' || objects.length === 0 || objects.length > maxKeys) throw malformedXml();
  const isQuiet = childText(root, 'Quiet') === 'true';
  const results = objects.map(readDeletion).map((deletion) => {
    try {
      const result = deleteOne(context, deletion);
      return isQuiet ? '' : deletedElement(deletion, result);
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      return errorElement(deletion, error);
    }
  });
  return {
    status: 200,
    xml: `${xmlDeclaration}<DeleteResult ${s3Namespace}>${results.join('')}</DeleteResult>`,
  };
}

function readDeletion(object: XmlElement): Deletion {
  // LastModifiedTime and Size are for directory buckets.
  const unknown = object.children.find(({ name }) => !knownElements.has(name));
  if (unknown !== undefined) throw notImplemented(`<${unknown.name}> in DeleteObjects`);
  const key = childText(object, 'Key');
  if (key === undefined || key === '') throw malformedXml();
  return { key, versionId: childText(object, 'VersionId'), ifMatch: childText(object, 'ETag') };
}

function deleteOne(context: BucketContext, deletion: Deletion): DeletionResult {
  const { bucket, settings } = context;
  const { key, versionId } = deletion;
  const action = versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion';
  requireAllowed(settings, action, objectArn(bucket.name, key));
  requireKeyLength(key);
  // Where DeleteObject says InvalidArgument of what never was an ID, this says the same as of one that is gone.
  if (versionId !== undefined && !isVersionId(versionId)) throw noSuchVersion(key, versionId);
  return deleteVersion(context, deletion);
}

function deletedElement({ key, versionId }: Deletion, result: DeletionResult): string {
  return [
    '<Deleted>',
    element('Key', key),
    versionId === undefined ? '' : element('VersionId', versionId),
    result.deleteMarker ? element('DeleteMarker', true) : '',
    result.deleteMarker ? element('DeleteMarkerVersionId', result.versionId ?? '') : '',
    '</Deleted>',
  ].join('');
}

function errorElement({ key, versionId }: Deletion, error: S3Error): string {
  return [
    '<Error>',
    element('Key', key),
    versionId === undefined ? '' : element('VersionId', versionId),
    element('Code', error.code),
    element('Message', error.message),
    '</Error>',
  ].join('');
}
