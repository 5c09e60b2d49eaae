import { operations } from '../operations/operation-table.ts';
import type { Fault } from './fault.ts';

/** Operations whose request brings an object's content, and the one whose answer is made of it. */
const takesContent: ReadonlySet<string> = new Set(['PutObject', 'UploadPart']);
const givesContent = 'GetObject';

export function bringsContent(operation: string): boolean {
  return takesContent.has(operation);
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
  if (kind === 'corrupt' && !bringsContent(operation) && operation !== givesContent) {
    throw new Error(
      `A fault is to corrupt ${operation}, which has no content: PutObject, UploadPart and GetObject have.`,
    );
  }
  if (kind === 'error-in-200' && operation !== 'CompleteMultipartUpload') {
    throw new Error(
      `A fault is for an error in a 200 of ${operation}; that is CompleteMultipartUpload's alone.`,
    );
  }
  for (const [name, value] of Object.entries({ part, after, times })) {
    if (value !== undefined && (Number.isNaN(value) || value < (name === 'after' ? 0 : 1))) {
      throw new Error(`A fault for ${operation} has "${name}" ${value}.`);
    }
  }
}
