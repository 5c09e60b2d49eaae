export {
  type BucketEncryption,
  type BucketEncryptionOptions,
  type ChangeSseCResult,
  allowSseC,
  blockSseC,
} from './bucket-encryption.ts';
export {
  type BucketAnswer,
  type BucketQuestion,
  type UnfinishedUploadRule,
  bucketEncryption,
  bucketPolicy,
  bucketRegion,
  bucketVersioning,
  unfinishedUploadRules,
} from './bucket-inspection.ts';
export { type SseCStatement, findSseCStatements } from './bucket-policy.ts';
export { type SseCPolicyOptions, sseCPolicy } from './sse-c-policy.ts';
export { type AwsCredentials, SsecClient, type SsecClientOptions } from './client.ts';
export { type ErrorCode, type ErrorContext, SsecError, type SsecErrorOptions } from './errors.ts';
export { type DeleteObjectOptions, type DeleteObjectResult, deleteObject } from './delete-object.ts';
export { type GetObjectOptions, type GetObjectResult, getObject } from './get-object.ts';
export {
  type CopySourceKeyRequestFields,
  CustomerKey,
  type CustomerKeyRequestFields,
} from './keys/customer-key.ts';
export {
  type FoundKey,
  KeyFinder,
  type KeyFinderOptions,
  type ObjectToOpen,
  openWithRing,
} from './key-finder.ts';
export { EXPORT_FORMS, type ExportForm, exportKey } from './keys/export-key.ts';
export { KEY_TAG } from './keys/key-tag.ts';
export { KeyRing } from './keys/key-ring.ts';
export type { RingKey, RingProblem } from './keys/ring-files.ts';
export { type KeyFormat, checkKeyMd5, parseKeyContent } from './keys/key-text.ts';
export {
  type ListUploadsOptions,
  type UnfinishedUpload,
  abortUpload,
  listUploads,
} from './multipart-uploads.ts';
export {
  type ListFolderOptions,
  type ListObjectsOptions,
  type ListedObject,
  type ListedPrefix,
  listObjects,
} from './list-objects.ts';
export {
  type ListObjectVersionsOptions,
  type ListVersionFoldersOptions,
  type ListedDeleteMarker,
  type ListedVersion,
  listObjectVersions,
} from './list-object-versions.ts';
export { type EncryptionName, type ObjectEncryption, encryptionOf } from './object-encryption.ts';
export { type ObjectAddress, formatObjectAddress, parseObjectAddress } from './object-address.ts';
export { type GetObjectStreamOptions, getObjectStream } from './get-object-stream.ts';
export { type HeadObjectOptions, type ObjectDescription, headObject } from './head-object.ts';
export type { ObjectHead } from './object-head.ts';
export type { ObjectHeaders } from './object-headers.ts';
export { type PresignOptions, type PresignedRequest, presign } from './presign.ts';
export { type ObjectPart, type ObjectParts, objectParts } from './object-parts.ts';
export { type ObjectTagsOptions, objectTags } from './object-tags.ts';
export type { ObjectVersion } from './object-version.ts';
export {
  type NewKey,
  type RekeyObjectOptions,
  rekeyObject,
} from './rekey/rekey-object.ts';
export type {
  CopyProof,
  CopyWay,
  LostTrait,
  OldVersion,
  RekeyObjectResult,
} from './rekey/rekey-result.ts';
export { type HistoryEntry, type RekeyVersionsOptions, rekeyVersions } from './rekey/rekey-versions.ts';
export { ThroughClient } from './rekey/through-client.ts';
export { putObject } from './put-object.ts';
export type { PutObjectOptions, PutObjectResult, UploadChecksum } from './put-request.ts';
export type { NetworkOptions, RequestEvent } from './network-options.ts';
export { type FileTargetOptions, openFileTarget } from './transfer/atomic-file.ts';
export { BytesSource } from './transfer/bytes-source.ts';
export type { ChecksumAlgorithm, StoredChecksum } from './transfer/checksum.ts';
export { FileSource } from './transfer/file-source.ts';
export { type Sink, streamSink } from './transfer/sink.ts';
export { Source, type SourceDigest } from './transfer/source.ts';
export { StreamSource } from './transfer/stream-source.ts';
export type { JournalPlace } from './transfer/transfer-journal.ts';
export {
  type VerifyObjectOptions,
  type VerifyObjectResult,
  type VerifyProof,
  verifyObject,
} from './verify-object.ts';
