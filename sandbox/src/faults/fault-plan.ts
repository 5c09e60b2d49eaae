import { queryParameter, type S3Request } from '../http/s3-request.ts';
import { checkFault } from './check-fault.ts';
import type { Fault } from './fault.ts';
import { parseFault } from './parse-fault.ts';

interface Planned {
  readonly fault: Fault;
  /** Requests that still pass. */
  pass: number;
  left: number;
}

/** Which of the next requests are to go wrong, and how. */
export class FaultPlan {
  readonly #planned: readonly Planned[];

  /** Text is read by `parseFault`. Throws where a fault is none. */
  constructor(faults: readonly (Fault | string)[]) {
    this.#planned = faults.map((given) => {
      const fault = typeof given === 'string' ? parseFault(given) : given;
      checkFault(fault);
      return { fault, pass: fault.after ?? 0, left: fault.times ?? 1 };
    });
  }

  /** The fault that strikes this request: the first that fits. It is used up whether or not it gets that far. */
  strike(operation: string, request: S3Request): Fault | undefined {
    let struck: Fault | undefined;
    for (const planned of this.#planned) {
      if (!fits(planned.fault, operation, request)) continue;
      // Each counts the requests that are its own, those that another one strikes too.
      if (planned.pass > 0) planned.pass -= 1;
      else if (planned.left > 0 && struck === undefined) {
        planned.left -= 1;
        struck = planned.fault;
      }
    }
    return struck;
  }
}

function fits({ operation, part }: Fault, name: string, request: S3Request): boolean {
  if (operation !== name) return false;
  return part === undefined || Number(queryParameter(request, 'partNumber')) === part;
}
