import { billing, stripeMeters } from '@tollgate/billing';
import { database } from '@tollgate/postgres';
import Stripe from 'stripe';
import { type BillingProcessSettings, meters } from './billing-settings.js';

/** Bills until nothing is left to send, in a process of its own, so that it can be killed. */
const { databaseUrl, stripePort, apiKey, since, claimMs }: BillingProcessSettings = JSON.parse(
  process.argv[2] ?? '{}',
);
const stripe = new Stripe(apiKey, { host: '127.0.0.1', port: stripePort, protocol: 'http' });
const shared = database({ connectionString: databaseUrl });
const bills = billing({
  database: shared,
  provider: stripeMeters({ stripe }),
  customers: (tenant) => `cus_${tenant}`,
  ...{ meters, since, claimMs, settleMs: 0, concurrency: 4 },
});
process.stdout.write('ready\n');
await bills.run();
await shared.end();
