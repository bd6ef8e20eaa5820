import type { Readable } from 'node:stream';
import type { Plans } from '@tollgate/core';
import {
  acceptUnresolved,
  type Database,
  type Registry,
  type UnresolvedAttempt,
  unresolvedAttempts,
} from '@tollgate/postgres';
import { declaredPlans } from '@tollgate/postgres/internal';
import {
  type BillLine,
  type CapUsage,
  capUsage,
  exportEvents,
  type Mover,
  type PlanPrice,
  reports,
  type UsageQuery,
  type UsageSum,
} from '@tollgate/reports';
import { UsageError } from './failure.js';

type Acceptance = Parameters<typeof acceptUnresolved>[1];

/** Which events are written to a file, and how. */
interface EventsQuery {
  readonly from: Date;
  readonly to: Date;
  readonly format: 'csv' | 'jsonl' | 'parquet';
  readonly tenant: string | undefined;
  readonly keepsFormulas: boolean | undefined;
  readonly onProgress: (count: number, at: string) => void;
}

/** Reports of the ledger, from the database or from a running app. */
export interface Books {
  /** Plans that apps have declared. */
  planNames(): Promise<readonly string[]>;
  usage(query: UsageQuery): Promise<readonly UsageSum[]>;
  movers(query: UsageQuery): Promise<readonly Mover[]>;
  bill(
    month: string,
    how: {
      tenant?: string | undefined;
      timeZone?: string | undefined;
      prices?: Readonly<Record<string, PlanPrice>> | undefined;
    },
  ): Promise<readonly BillLine[]>;
  caps(query: {
    plans?: Plans | undefined;
    tenant?: string | undefined;
    above: number;
  }): Promise<readonly Omit<CapUsage, 'counter'>[]>;
  unresolved(query: {
    tenant?: string | undefined;
    limit: number;
  }): Promise<
    readonly Pick<
      UnresolvedAttempt,
      | 'eventId'
      | 'requestId'
      | 'tenant'
      | 'provider'
      | 'model'
      | 'admittedAt'
      | 'costNanoUsd'
      | 'unresolvedNanoUsd'
    >[]
  >;
  /** A file of usage events; counts them as far as it can. */
  events(query: EventsQuery): Promise<Readable>;
  accept(
    eventId: string,
    as: 'estimate' | 'zero',
    store?: Acceptance['store'],
  ): Promise<{ eventId: string; changed: boolean; costNanoUsd: string }>;
}

/** From the database. */
export function booksIn(
  database: Database,
  { registry, actor, now }: { registry: Registry; actor: string; now: () => number },
): Books {
  const all = reports({ database });
  return {
    planNames: async () => Object.keys(await declaredPlans(database)),
    usage: (query) => all.usage(query),
    movers: (query) => all.topMovers(query),
    bill: (month, { tenant, timeZone, prices = {} }) =>
      reports({ database, prices }).bill(month, {
        ...(tenant !== undefined && { tenant }),
        ...(timeZone !== undefined && { timeZone }),
      }),
    async caps({ plans: given, tenant, above }) {
      const plans = given ?? (await declaredPlans(database));
      if (Object.keys(plans).length === 0) {
        throw new UsageError('no app has declared its plans in this database yet; give --plans');
      }
      const asked = { plans, overrides: registry.overrides, above, now };
      return capUsage(database, { ...asked, ...(tenant !== undefined && { tenant }) });
    },
    unresolved: (query) => unresolvedAttempts(database, query),
    events: async ({ from, to, format, tenant, keepsFormulas, onProgress }) =>
      exportEvents(database, {
        ...{ from, to, format, onProgress },
        ...(tenant !== undefined && { where: { tenant } }),
        ...(keepsFormulas && { formulas: 'keep' as const }),
      }),
    accept: (eventId, as, store) =>
      acceptUnresolved(database, { eventId, as, actor, now, ...(store && { store }) }),
  };
}
