import type { Waiter } from '@tollgate/core/internal';
import type { Lease } from './shared-permits.js';

/** Why a request is turned away. `displaced`: one of a higher plan took its place in the full queue; `shed`: more critical plans come first. */
export type TurnedAway =
  | 'full'
  | 'tenant_full'
  | 'displaced'
  | 'shed'
  | 'timeout'
  | 'store_unavailable'
  | 'closed';

/** The request for a permit. */
export interface Entrant {
  /** Position of its lane. */
  readonly lane: number;
  readonly tenant: string;
  /** How long it may wait, in ms. */
  readonly timeoutMs: number;
  /** A permit is its own; called once, at once or later. */
  admit(ticket: Ticket): void;
  /** It gets none; called once, at once or later. */
  turnAway(reason: TurnedAway): void;
}

/** One that asked. `asking`: it has a permit here and waits for the shared one. */
export interface Ticket {
  readonly entrant: Entrant;
  readonly enteredAtMs: number;
  state: 'waiting' | 'asking' | 'running' | 'ended';
  /** When it was admitted, in ms of the clock; and how many were then in flight, itself included. */
  admittedAtMs: number;
  running: number;
  /** Its shared permit. */
  lease: Lease | undefined;
  /** @internal */
  waiter: Waiter<Ticket> | undefined;
  /** @internal */
  cancelTimer: (() => void) | undefined;
}
