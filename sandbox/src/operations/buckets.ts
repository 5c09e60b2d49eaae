import { element, s3Namespace, xmlDeclaration } from '../http/xml.ts';
import { childText, parseXml } from '../http/parse-xml.ts';
import { headerNotImplemented, invalidArgument, malformedXml, notImplemented, S3Error } from '../s3-error.ts';
import type { Bucket } from '../store/bucket.ts';
import { defaultEncryption } from '../store/bucket-settings.ts';
import { isBucketName } from '../store/bucket-name.ts';
import { ownerElements } from './account.ts';
import { requirePrivateAcl } from './object-headers.ts';
import type { BucketContext, S3Response, ServiceContext } from './operation.ts';
import { readOptionalDocument } from './request-document.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html */
export async function createBucket(context: ServiceContext): Promise<S3Response> {
  const { request, settings, store, now } = context;
  const name = request.bucket ?? '';
  if (!isBucketName(name)) {
    throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  }
  requirePrivateAcl(request);
  const ownership = request.headers.get('x-amz-object-ownership');
  if (ownership !== undefined && ownership !== 'BucketOwnerEnforced') {
    throw headerNotImplemented('x-amz-object-ownership');
  }
  const region = readLocation(await readOptionalDocument(context)) ?? 'us-east-1';
  if (settings.region !== 'us-east-1' && region !== settings.region) {
    throw new S3Error(
      400,
      'IllegalLocationConstraintException',
      `The ${region === 'us-east-1' ? 'unspecified' : region} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  const existing = store.bucket(name);
  // us-east-1 answers 200 to its owner, for old times' sake.
  if (existing !== undefined && region !== 'us-east-1') {
    throw new S3Error(
      409,
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      { BucketName: name },
    );
  }
  if (existing === undefined) {
    store.createBucket(name, {
      region,
      createdAt: now.toISOString(),
      encryption: defaultEncryption,
      ...(settings.blockSseC ? { blockedEncryption: 'SSE-C' } : {}),
    });
  }
  return { status: 200, headers: { Location: `/${name}` } };
}

function readLocation(document: string): string | undefined {
  if (document.trim() === '') return undefined;
  const root = parseXml(document);
  if (root.name !== 'CreateBucketConfiguration') throw malformedXml();
  const unknown = root.children.find(({ name }) => name !== 'LocationConstraint');
  if (unknown !== undefined) throw notImplemented(`<${unknown.name}> in CreateBucket`);
  const location = childText(root, 'LocationConstraint');
  if (location === undefined || location === '') return undefined;
  if (location === 'EU') return 'eu-west-1';
  if (location === 'us-east-1' || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(location)) {
    throw new S3Error(400, 'InvalidLocationConstraint', 'The specified location-constraint is not valid', {
      LocationConstraint: location,
    });
  }
  return location;
}

export function headBucket({ bucket }: BucketContext): S3Response {
  return { status: 200, headers: { 'x-amz-bucket-region': bucket.settings.region } };
}

export function deleteBucket({ bucket, store }: BucketContext): S3Response {
  if (bucket.versions.keys().length > 0) {
    const message = 'The bucket you tried to delete is not empty';
    const isVersioned = bucket.settings.versioning !== undefined;
    throw new S3Error(
      409,
      'BucketNotEmpty',
      isVersioned ? `${message}. You must delete all versions in the bucket.` : message,
      { BucketName: bucket.name },
    );
  }
  store.deleteBucket(bucket.name);
  return { status: 204 };
}

export function getBucketLocation({ bucket }: BucketContext): S3Response {
  const { region } = bucket.settings;
  const location = region === 'us-east-1' ? '' : region;
  return {
    status: 200,
    xml: `${xmlDeclaration}<LocationConstraint ${s3Namespace}>${location}</LocationConstraint>`,
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
export function listBuckets({ request, store }: ServiceContext): S3Response {
  const parameter = (name: string) => request.query.find((pair) => pair.name === name)?.value;
  const after = Buffer.from(parameter('continuation-token') ?? '', 'base64url').toString();
  const limit = parameter('max-buckets') ?? '10000';
  if (!/^\d{1,5}$/.test(limit) || Number(limit) < 1 || Number(limit) > 10_000) {
    throw invalidArgument(
      'Argument max-buckets must be an integer between 1 and 10000',
      'max-buckets',
      limit,
    );
  }
  const following = store.buckets().filter(({ name }) => name > after);
  const page = following.slice(0, Number(limit));
  const last = following.length > page.length ? page.at(-1) : undefined;
  const token =
    last === undefined ? '' : element('ContinuationToken', Buffer.from(last.name).toString('base64url'));
  const owner = ownerElements('Owner');
  return {
    status: 200,
    xml: `${xmlDeclaration}<ListAllMyBucketsResult ${s3Namespace}>${owner}<Buckets>${page.map(entry).join('')}</Buckets>${token}</ListAllMyBucketsResult>`,
  };
}

function entry({ name, settings }: Bucket): string {
  return `<Bucket>${element('Name', name)}${element('CreationDate', settings.createdAt)}${element('BucketRegion', settings.region)}</Bucket>`;
}
