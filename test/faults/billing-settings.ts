import type { Meter } from '@tollgate/billing';

/** What a billing process is started with, as JSON. */
export interface BillingProcessSettings {
  readonly databaseUrl: string;
  readonly stripePort: number;
  readonly apiKey: string;
  readonly since: string;
  readonly claimMs: number;
}

export const meters: readonly Meter[] = [
  { name: 'ai_tokens', quantity: 'tokens' },
  { name: 'ai_cost', quantity: 'costNanoUsd' },
];
