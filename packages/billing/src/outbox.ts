import type { BillingDatabase } from './billing-database.js';
import { conditionsOf, type Meter, sumOf } from './meter.js';

/** How finely usage is added up: one event for each tenant, meter and such a slice of time, in UTC. */
export type Slice = 'hour' | 'day';

/** An event that a process has taken upon itself to send. */
export interface Claimed {
  readonly identifier: string;
  readonly meter: string;
  readonly tenant: string;
  readonly quantity: string;
  readonly stampMs: number;
  /** Whose claim it is: the next one has a higher number. */
  readonly attempts: number;
  readonly claimedMs: number;
  /** Since when the provider may have it, ms; `claimedMs` where it cannot. */
  readonly firstSentMs: number;
}

const msOf = (expression: string): string => `(extract(epoch from ${expression}) * 1000)::bigint::text`;
const moment = (ms: number): string => new Date(ms).toISOString();

/** Events on their way to one provider, in a table beside the ledger: written before they are sent, and kept afterwards. */
export class Outbox {
  readonly #events: string;

  constructor(
    private readonly database: BillingDatabase,
    private readonly provider: string,
  ) {
    this.#events = `"${database.schema}".billing_events`;
  }

  /**
   * Writes the amounts of the ledger's slices in `[fromMs, toMs)`, both bounds of slices, beyond those written earlier: usage that is new,
   * late, or corrected (a negative quantity). Two processes that find the same write it once.
   */
  async fill(meter: Meter, slice: Slice, fromMs: number, toMs: number, nowMs: number): Promise<number> {
    const { text, values } = conditionsOf(meter, 6);
    const rows = await this.database.execute(
      `with used as (
        select tenant, date_trunc('${slice}', at, 'UTC') as slice, ${sumOf(meter)} as quantity, max(at) as last_at
        from "${this.database.schema}"."usage"
        where event_id >= ${idAt('$1')} and event_id < ${idAt('$2')}${text}
        group by 1, 2
      ), written as (
        select tenant, date_trunc('${slice}', slice, 'UTC') as slice, sum(quantity) as quantity, max(number) as number
        from ${this.#events}
        where provider = $3 and meter = $4 and slice >= to_timestamp($1::float8 / 1000) and slice < to_timestamp($2::float8 / 1000)
        group by 1, 2
      )
      insert into ${this.#events} (identifier, provider, meter, tenant, slice, number, quantity, stamp, due_at)
      select 'tollgate_' || translate(substr(encode(sha256(convert_to(jsonb_build_array(
          (select id from "${this.database.schema}".billing_books), $3::text, $4::text, tenant, used.slice, coalesce(number, 0) + 1
        )::text, 'UTF8')), 'base64'), 1, 43), '+/', '-_'),
        $3, $4, tenant, used.slice, coalesce(number, 0) + 1, used.quantity - coalesce(written.quantity, 0), last_at, $5
      from used left join written using (tenant, slice)
      where used.quantity <> coalesce(written.quantity, 0)
      on conflict do nothing
      returning 1`,
      [fromMs, toMs, this.provider, meter.name, moment(nowMs), ...values],
    );
    return rows.length;
  }

  /**
   * Claims events that are due, oldest first, for `claimMs`, so that no other process sends them. Usage older than `oldestMs` gets the
   * current time.
   */
  async claim(limit: number, claimMs: number, oldestMs: number, nowMs: number): Promise<Claimed[]> {
    const rows = await this.database.execute(
      `update ${this.#events} as event
      set due_at = $3, attempts = attempts + 1, first_sent_at = coalesce(first_sent_at, $2),
        stamp = case when first_sent_at is null and stamp < $4 then $2 else stamp end
      from (
        select identifier from ${this.#events}
        where provider = $1 and state = 'waiting' and due_at <= $2
        order by due_at, slice limit $5 for update skip locked
      ) as due
      where event.identifier = due.identifier
      returning event.identifier, meter, tenant, quantity::text, attempts, ${msOf('stamp')} as stamp,
        ${msOf('first_sent_at')} as first_sent`,
      [this.provider, moment(nowMs), moment(nowMs + claimMs), moment(oldestAt(oldestMs, nowMs)), limit],
    );
    return rows.map((row) => ({
      identifier: String(row.identifier),
      meter: String(row.meter),
      tenant: String(row.tenant),
      quantity: String(row.quantity),
      attempts: Number(row.attempts),
      stampMs: Number(row.stamp),
      claimedMs: nowMs,
      firstSentMs: Number(row.first_sent),
    }));
  }

  /** Sets events aside that were never sent and are older than `oldestMs`, instead of dating them now. */
  async setAsideOlder(oldestMs: number, nowMs: number): Promise<void> {
    await this.database.execute(
      `update ${this.#events} set state = 'set_aside', reason = 'older than the provider takes'
      where provider = $1 and state = 'waiting' and first_sent_at is null and stamp < $2 and due_at <= $3`,
      [this.provider, moment(oldestAt(oldestMs, nowMs)), moment(nowMs)],
    );
  }

  /** Who pays for an event, before it is sent. */
  async addressed({ identifier }: Claimed, customer: string): Promise<void> {
    await this.database.execute(`update ${this.#events} set customer = $2 where identifier = $1`, [
      identifier,
      customer,
    ]);
  }

  /** The provider has it, no matter which process sent it. */
  async taken(identifier: string, nowMs: number): Promise<boolean> {
    return this.#changed(
      `state = 'taken', reason = null, taken_at = $3 where identifier = $1 and provider = $2 and state <> 'taken'`,
      [identifier, this.provider, moment(nowMs)],
    );
  }

  /** Not to be sent again unless an operator decides so. */
  async setAside({ identifier, attempts }: Claimed, reason: string): Promise<void> {
    await this.#changed(
      `state = 'set_aside', reason = $3 where identifier = $1 and state = 'waiting' and attempts = $2`,
      [identifier, attempts, reason],
    );
  }

  /** To be sent again at that time, with the knowledge of whether the provider has it. */
  async again(
    { identifier, attempts, claimedMs }: Claimed,
    reason: string,
    dueMs: number,
    known: Known,
  ): Promise<void> {
    await this.#changed(
      `reason = $3, due_at = $4, first_sent_at = case $5
        when 'nothing' then first_sent_at
        when 'not this time' then nullif(first_sent_at, $6::timestamptz)
      end
      where identifier = $1 and state = 'waiting' and attempts = $2`,
      [identifier, attempts, reason, moment(dueMs), known, moment(claimedMs)],
    );
  }

  /** An event that was set aside is to be sent after all. */
  async revive(identifier: string, oldestMs: number, nowMs: number): Promise<boolean> {
    return this.#changed(
      `state = 'waiting', reason = null, due_at = $3, first_sent_at = null,
        stamp = case when stamp < $4 then $3 else stamp end
      where identifier = $1 and provider = $2 and state = 'set_aside'`,
      [identifier, this.provider, moment(nowMs), moment(oldestAt(oldestMs, nowMs))],
    );
  }

  /** The provider's accepted total for a customer in an hour, without one event. */
  async takenInHour(meter: string, customer: string, hourMs: number): Promise<string> {
    const [row] = await this.database.execute(
      `select coalesce(sum(quantity), 0)::text as quantity from ${this.#events}
      where provider = $1 and meter = $2 and customer = $3 and state = 'taken' and date_trunc('hour', stamp, 'UTC') = $4`,
      [this.provider, meter, customer, moment(hourMs)],
    );
    return String(row?.quantity);
  }

  async #changed(set: string, values: readonly unknown[]): Promise<boolean> {
    const rows = await this.database.execute(`update ${this.#events} set ${set} returning 1`, values);
    return rows.length > 0;
  }
}

/** Knowledge of whether the provider has an event: none; not by the last attempt; not at all. */
type Known = 'nothing' | 'not this time' | 'not at all';

/** An event id below every one of that millisecond: ids are UUIDv7, and the ledger is divided by them. */
const idAt = (ms: string): string => `rpad(lpad(to_hex(${ms}::bigint), 12, '0'), 32, '0')::uuid`;

const oldestAt = (oldestMs: number, nowMs: number): number => Math.max(0, nowMs - oldestMs);
