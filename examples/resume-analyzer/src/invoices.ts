import {
  type Billing,
  type BillingProvider,
  billing,
  type MeterEvent,
  stripeMeters,
} from '@tollgate/billing';
import Stripe from 'stripe';
import type { Tollgate } from 'tollgate';

/** Sends what each tenant has used to Stripe, or to `instead` where there is no key. Run `run()` every few minutes. */
export function invoices(
  tg: Tollgate,
  {
    stripeKey,
    instead,
    since,
    now = Date.now,
  }: {
    stripeKey: string | undefined;
    instead: (event: MeterEvent) => void;
    since: Date;
    now?: () => number;
  },
): Billing {
  if (!tg.ledger) throw new Error('invoices need a ledger');
  const shown: BillingProvider = {
    name: 'shown',
    recognisesForMs: Number.POSITIVE_INFINITY,
    oldestMs: Number.POSITIVE_INFINITY,
    send: async (event) => {
      instead(event);
      return { kind: 'taken' };
    },
  };
  return billing({
    database: tg.ledger.database,
    provider: stripeKey ? stripeMeters({ stripe: new Stripe(stripeKey) }) : shown,
    // Stripe multiplies: a meter of nano-dollars, priced at cost plus a margin.
    meters: [
      { name: 'ai_cost', quantity: 'costNanoUsd' },
      { name: 'analyses', quantity: 'attempts', where: { outcome: 'ok' } },
    ],
    since: since.toISOString(),
    now,
  });
}
