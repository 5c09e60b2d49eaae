import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { childText, parseXml, type XmlElement } from '../http/parse-xml.ts';
import { invalidArgument, malformedXml, notImplemented, S3Error } from '../s3-error.ts';
import type { UnfinishedUploadRule } from '../store/bucket-settings.ts';
import type { BucketContext, S3Response } from './operation.ts';
import { readRequiredDocument } from './request-document.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html */
export function getBucketLifecycle({ bucket }: BucketContext): S3Response {
  const { lifecycle } = bucket.settings;
  if (lifecycle === undefined) {
    throw new S3Error(404, 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', {
      BucketName: bucket.name,
    });
  }
  return {
    status: 200,
    xml: `${xmlDeclaration}<LifecycleConfiguration ${s3Namespace}>${lifecycle.map(ruleElement).join('')}</LifecycleConfiguration>`,
  };
}

/** Rules that end unfinished uploads are the only ones that are carried out here, and so that are taken. */
export async function putBucketLifecycle(context: BucketContext): Promise<S3Response> {
  const root = parseXml(await readRequiredDocument(context));
  if (root.name !== 'LifecycleConfiguration' || root.children.length === 0) throw malformedXml();
  const lifecycle = root.children.map((rule, index) => readRule(rule, index));
  if (new Set(lifecycle.map(({ id }) => id)).size < lifecycle.length) {
    throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule');
  }
  context.bucket.changeSettings({ ...context.bucket.settings, lifecycle });
  return { status: 200 };
}

export function deleteBucketLifecycle({ bucket }: BucketContext): S3Response {
  const { lifecycle: _, ...others } = bucket.settings;
  bucket.changeSettings(others);
  return { status: 204 };
}

function ruleElement({ id, enabled, prefix, days }: UnfinishedUploadRule): string {
  return `<Rule>${element('ID', id)}<Filter>${element('Prefix', prefix)}</Filter>${element('Status', enabled ? 'Enabled' : 'Disabled')}<AbortIncompleteMultipartUpload>${element('DaysAfterInitiation', days)}</AbortIncompleteMultipartUpload></Rule>`;
}

const knownElements = new Set(['ID', 'Filter', 'Prefix', 'Status', 'AbortIncompleteMultipartUpload']);

function readRule(rule: XmlElement, index: number): UnfinishedUploadRule {
  if (rule.name !== 'Rule') throw malformedXml();
  const other = rule.children.find(({ name }) => !knownElements.has(name));
  if (other !== undefined) throw notImplemented(`<${other.name}> in a lifecycle rule`);
  const status = childText(rule, 'Status');
  const abort = rule.children.find(({ name }) => name === 'AbortIncompleteMultipartUpload');
  const days = abort === undefined ? undefined : childText(abort, 'DaysAfterInitiation');
  if ((status !== 'Enabled' && status !== 'Disabled') || days === undefined || !/^\d{1,9}$/.test(days)) {
    throw malformedXml();
  }
  if (Number(days) === 0) {
    throw invalidArgument(
      "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer",
    );
  }
  return {
    id: childText(rule, 'ID') ?? `rule-${index + 1}`,
    enabled: status === 'Enabled',
    prefix: readPrefix(rule),
    days: Number(days),
  };
}

function readPrefix(rule: XmlElement): string {
  const filter = rule.children.find(({ name }) => name === 'Filter');
  const direct = childText(rule, 'Prefix');
  if ((filter === undefined) === (direct === undefined)) throw malformedXml();
  if (filter === undefined) return direct ?? '';
  const other = filter.children.find(({ name }) => name !== 'Prefix');
  if (other !== undefined) throw notImplemented(`<${other.name}> in the filter of a lifecycle rule`);
  return childText(filter, 'Prefix') ?? '';
}
