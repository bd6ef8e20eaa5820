import type { UsageEvent } from '@tollgate/core';
import type {
  ChargeResult,
  CounterState,
  QuotaCounter,
  ReserveRequest,
  ReserveResult,
} from '@tollgate/core/internal';
import type { QuietCharge, QuietRenewal } from '../wire/quiet-requests.js';
import type { DrawRequest } from '../wire/settlement-wire.js';
import type { Recallable } from './recalls.js';

/** The store from which slices are leased, and to which they are flushed. */
export interface SliceHome {
  reserve(request: ReserveRequest): Promise<ReserveResult>;
  /** A new id for the lease of a slice. `longestMs`: the longest reservation that may be admitted to it. */
  sliceId(longestMs: number): string;
  /** `false`: the lease has ended. */
  renew(request: QuietRenewal): Promise<boolean>;
  charge(request: QuietCharge): Promise<ChargeResult>;
  /** Charges a part of a lease and leaves the rest to a next attempt. `false`: nothing was done, and `renew` and `charge` must do it. */
  draw(request: DrawRequest): Promise<boolean>;
  read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]>;
  /** Appends usage events to the outbox, all in one step, once for each id of such a step. */
  append(id: string, partition: string, events: readonly UsageEvent[]): Promise<void>;
  readonly recalls: {
    /** Asks other processes to return leased amounts of a counter that they do not need. */
    ask(partition: string, counter: string): Promise<void>;
    /** Those of the counters that another process recalls. */
    asked<One extends Recallable>(all: readonly One[]): Promise<readonly One[]>;
  };
}
