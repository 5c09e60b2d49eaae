import { checksumAlgorithms, checksumHeader } from '../checksum/checksum.ts';
import type { S3Request } from '../http/s3-request.ts';
import { headerNotImplemented, notImplemented } from '../s3-error.ts';
import type { Operation } from './operation.ts';
import { operations } from './operation-table.ts';

/** Headers of any request that this server either acts on or may pass over without a change of meaning. */
const commonHeaders = new Set([
  'x-amz-date',
  'x-amz-content-sha256',
  'x-amz-security-token',
  'x-amz-user-agent',
  'x-amz-expected-bucket-owner',
  'x-amz-request-payer',
  'x-amz-decoded-content-length',
  'x-amz-trailer',
  'x-amz-sdk-checksum-algorithm',
  ...checksumAlgorithms.map(checksumHeader),
]);

export function findOperation(request: S3Request): Operation | undefined {
  return operations.find(
    (operation) =>
      operation.method === request.method &&
      isOn(operation.on, request) &&
      (operation.header === undefined || request.headers.has(operation.header)) &&
      (operation.subresource === undefined ||
        request.query.some(
          ({ name, value }) =>
            name === operation.subresource?.name && value === (operation.subresource.value ?? value),
        )),
  );
}

function isOn(on: Operation['on'], request: S3Request): boolean {
  if (on === 'service' || on === 'sts') return request.bucket === undefined;
  return request.bucket !== undefined && (on === 'object') === (request.key !== '');
}

/** A parameter or header that asks for something else than what would be done must not be passed over. */
export function rejectUnsupported(operation: Operation, request: S3Request): void {
  for (const { name } of request.query) {
    // The JavaScript SDK adds its own name of the operation.
    const isKnown =
      name === 'x-id' || name === operation.subresource?.name || operation.query?.includes(name) === true;
    if (!isKnown) throw notImplemented(`the query parameter ${name} on ${operation.name}`);
  }
  for (const name of request.headers.keys()) {
    if (name.startsWith('x-amz-') && !commonHeaders.has(name) && !acts(operation, name)) {
      throw headerNotImplemented(name);
    }
  }
}

function acts(operation: Operation, name: string): boolean {
  return [operation.header ?? '', ...(operation.headers ?? [])].some((known) =>
    known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known,
  );
}
