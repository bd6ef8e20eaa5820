import { withinDeadline } from '@tollgate/core/internal';
import { StoreUnavailableError } from '../connection/store-unavailable-error.js';

/** How long after a partition was closed requests wait for it, each as long as a call may take, in ms; later ones are refused at once. */
const waitedForMs = 2_000;

/** A partition that is closed to this process until its state is known. */
export class ClosedPartition {
  /** Under which number this process has sent everything again; 0: none. */
  sentUnder = 0;
  readonly #atMs = performance.now();
  readonly #opened: Promise<void>;
  #open: () => void = () => undefined;

  constructor() {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  /** Resolves when it is open; rejects with {@link StoreUnavailableError} where that takes longer than a call may. */
  wait(operation: string, deadlineMs: number): Promise<void> {
    const late = (): Error =>
      new StoreUnavailableError({ fault: 'rebuilding', operation, mayHaveRun: false });
    if (performance.now() - this.#atMs > waitedForMs) return Promise.reject(late());
    return withinDeadline(deadlineMs, this.#opened, late);
  }
}
