import { accepts, checkOptions } from '@tollgate/core/internal';

/** How long each part of an attempt may take, in milliseconds. Positive integers. */
export interface Timeouts {
  /** Until a connection is established: name look-up, TCP and TLS, or a free connection of the pool. @defaultValue 10_000 */
  connectMs?: number;
  /**
   * From sending the request to the head of the answer. A model that does not stream answers nothing until all is written.
   * @defaultValue 300_000
   */
  firstByteMs?: number;
  /** Between two pieces of the answer; time in which the client is too slow to take them does not count. @defaultValue 120_000 */
  idleMs?: number;
  /** The whole attempt. @defaultValue 600_000, as the official SDKs */
  totalMs?: number;
}

const defaults: Required<Timeouts> = {
  connectMs: 10_000,
  firstByteMs: 300_000,
  idleMs: 120_000,
  totalMs: 600_000,
};

/** Throws a `TypeError` that names the factory for a wrong or unknown timeout. */
export function checkTimeouts(factory: string, timeouts: Timeouts | undefined): void {
  checkOptions<Timeouts>(`${factory}: timeouts`, timeouts, {
    connectMs: accepts.positiveInteger,
    firstByteMs: accepts.positiveInteger,
    idleMs: accepts.positiveInteger,
    totalMs: accepts.positiveInteger,
  });
}

/** The defaults, overridden by each of the given in turn. */
export function timeoutsOf(...given: (Timeouts | undefined)[]): Required<Timeouts> {
  const result = { ...defaults };
  for (const timeouts of given) {
    for (const name of Object.keys(defaults) as (keyof Timeouts)[]) {
      result[name] = timeouts?.[name] ?? result[name];
    }
  }
  return result;
}
