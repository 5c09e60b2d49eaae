import { S3Error } from './s3-error.ts';
import type { Fault } from './sandbox-options.ts';

/** Which of the next requests are to fail. */
export class FaultPlan {
  readonly #left: { fault: Fault; times: number }[];

  constructor(faults: readonly Fault[]) {
    this.#left = faults.map((fault) => ({ fault, times: fault.times ?? 1 }));
  }

  /** Throws the fault that is due for this operation, if one is. */
  strike(operation: string): void {
    const due = this.#left.find(({ fault, times }) => fault.operation === operation && times > 0);
    if (due === undefined) return;
    due.times -= 1;
    const { status, code, message } = due.fault;
    throw new S3Error(status, code, message ?? 'The sandbox was told to fail this request.');
  }
}
