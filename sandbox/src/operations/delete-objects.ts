import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { childText, parseXml } from '../http/parse-xml.ts';
import { malformedXml, notImplemented } from '../s3-error.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readRequiredDocument } from './request-document.ts';

const maxKeys = 1000;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export async function deleteObjects(context: BucketContext): Promise<S3Response> {
  const root = parseXml(await readRequiredDocument(context));
  const objects = root.children.filter(({ name }) => name === 'Object');
  if (root.name !== 'Delete' || objects.length === 0 || objects.length > maxKeys) throw malformedXml();
  const isQuiet = childText(root, 'Quiet') === 'true';
  const keys = objects.map((object) => {
    const unknown = object.children.find(({ name }) => name !== 'Key');
    if (unknown !== undefined) throw notImplemented(`<${unknown.name}> in DeleteObjects`);
    const key = childText(object, 'Key');
    if (key === undefined || key === '') throw malformedXml();
    return key;
  });
  let deleted = '';
  for (const key of keys) {
    context.bucket.remove(key);
    if (!isQuiet) deleted += `<Deleted>${element('Key', key)}</Deleted>`;
  }
  return { status: 200, xml: `${xmlDeclaration}<DeleteResult ${s3Namespace}>${deleted}</DeleteResult>` };
}
