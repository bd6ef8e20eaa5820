import type { Generated } from 'kysely';

/** One usage event or adjustment. `int8` columns are read as decimal strings. Rows are added, never changed. */
export interface UsageEventsTable {
  /** UUIDv7; also decides the partition: its first 48 bits are milliseconds since the epoch. */
  event_id: string;
  kind: 'usage' | 'adjustment';
  adjusts: string | null;
  /** The time in the event id: when the attempt began. Reports count by it; an adjustment has that of the event it corrects. */
  at: Date;
  admitted_at: Date;
  settled_at: Date;
  request_id: string;
  call_id: string;
  attempt: number;
  tenant: string;
  team: string | null;
  user_id: string | null;
  key_id: string | null;
  plan: string;
  route: string | null;
  labels: Record<string, string>;
  /** The label `feature`. */
  feature: string | null;
  provider: string;
  requested_model: string;
  model: string;
  input_tokens: string;
  cached_input_tokens: string;
  cache_write_tokens: string;
  output_tokens: string;
  reasoning_tokens: string;
  tier: string | null;
  cost_nano_usd: string;
  /** Absent: 0. */
  unresolved_nano_usd: string | null;
  price_version: string;
  source: 'provider' | 'estimated';
  uncertain: boolean;
  overrun: boolean;
  charges: { counter: string; window: string; amount: number; unresolved?: number }[];
  status: number;
  outcome: 'ok' | 'error' | 'aborted' | 'budget_stopped';
  stream: boolean;
  latency_ms: string;
  time_to_first_token_ms: string | null;
  /** Fields of the event that this version has no column for. */
  more: Record<string, unknown> | null;
}

/** The charges of the events to each counter, by window: the sum of their `charges`, updated in the same statement. */
export interface WindowSpendTable {
  counter: string;
  window_id: string;
  amount: string;
  /** When something was added last. */
  touched_at: Date;
}

/** Outcomes of requests, recorded by the app. */
export interface OutcomesTable {
  request_id: string;
  outcome: string;
  recorded_at: Generated<Date>;
}

/** Who used anything: one row for each combination of tenant, team, user and key. */
export interface CallersTable {
  /** A hash of the four. */
  slot: string;
  tenant: string;
  team: string | null;
  user_id: string | null;
  key_id: string | null;
  /** The plan that was last seen. */
  plan: string;
  /** When it was used last, up to an hour behind. */
  last_at: Date;
}

/** The sums of a UTC day's events for one value of each dimension, corrections counted in: kept with the events in one step. */
export interface DailyUsageTable {
  day: Date;
  /** A hash of all dimensions. */
  slot: string;
  tenant: string;
  team: string | null;
  plan: string;
  route: string | null;
  feature: string | null;
  provider: string;
  requested_model: string;
  model: string;
  tier: string | null;
  outcome: string;
  source: string;
  attempts: string;
  calls: string;
  input_tokens: string;
  cached_input_tokens: string;
  cache_write_tokens: string;
  output_tokens: string;
  reasoning_tokens: string;
  cost_nano_usd: string;
  unconfirmed_nano_usd: string;
}
