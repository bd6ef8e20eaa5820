import type { ChargeResult, CounterState, QuotaCounter, ReserveRequest, ReserveResult } from '@tollgate/core';
import type { QuietCharge, QuietRenewal } from '../settlement-wire.js';

/** Where slices are leased, and told about. */
export interface SliceHome {
  reserve(request: ReserveRequest): Promise<ReserveResult>;
  /** `false`: the lease is gone. */
  renew(request: QuietRenewal): Promise<boolean>;
  charge(request: QuietCharge): Promise<ChargeResult>;
  read(partition: string, counters: readonly QuotaCounter[]): Promise<readonly CounterState[]>;
  readonly recalls: {
    /** Asks other processes for what they have leased of a counter and do not need. */
    ask(partition: string, counter: string): Promise<void>;
    /** Which of these counters somebody asks for. */
    asked(partition: string, counters: readonly string[]): Promise<readonly string[]>;
  };
}
