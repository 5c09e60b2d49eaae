import { operations } from '../operations/operation-table.ts';
import type { Fault } from './fault.ts';

/** Operations whose request brings an object's content, and the one whose answer is made of it. */
const takesContent: ReadonlySet<string> = new Set(['PutObject', 'UploadPart']);
const givesContent = 'GetObject';

/** Those whose content comes from an object that is here already. */
const copies: ReadonlySet<string> = new Set(['CopyObject', 'UploadPartCopy']);
/** S3 sends 200 before it knows the end of these: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
const endsLate: ReadonlySet<string> = new Set(['CompleteMultipartUpload', ...copies]);

export function bringsContent(operation: string): boolean {
  return takesContent.has(operation);
}

export function storesContent(operation: string): boolean {
  return bringsContent(operation) || copies.has(operation);
}

/** Throws where a fault could never strike. */
export function checkFault(fault: Fault): void {
  const { operation, kind, part, after, times } = fault;
  const known = operations.find(({ name }) => name === operation);
  if (known === undefined) {
    const names = operations.map(({ name }) => name).join(', ');
    throw new Error(`A fault is for an operation that there is not: "${operation}"; there are ${names}.`);
  }
  if (part !== undefined && known.query?.includes('partNumber') !== true) {
    throw new Error(`A fault is for part ${part}, and ${operation} knows no part numbers.`);
  }
  if (kind === 'corrupt' && !storesContent(operation) && operation !== givesContent) {
    throw new Error(
      `A fault is to corrupt ${operation}, which has no content: ${[...takesContent, ...copies].join(', ')} and ${givesContent} have.`,
    );
  }
  if (kind === 'error-in-200' && !endsLate.has(operation)) {
    throw new Error(
      `A fault is for an error in a 200 of ${operation}; that is for ${[...endsLate].join(', ')} alone.`,
    );
  }
  for (const [name, value] of Object.entries({ part, after, times })) {
    if (value !== undefined && (Number.isNaN(value) || value < (name === 'after' ? 0 : 1))) {
      throw new Error(`A fault for ${operation} has "${name}" ${value}.`);
    }
  }
}
