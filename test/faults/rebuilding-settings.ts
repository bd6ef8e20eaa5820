/** What a process that spends while counters are lost is started with, as JSON in its argument. */
export interface RebuildingSettings {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly prefix: string;
  readonly seed: number;
}

/** What all of them share: money that is counted, and places of which there are fewer than hands that want one. */
export const spend = {
  counter: 'usd/month/tenant=acme',
  unit: 'usd',
  limit: 1_000_000,
  window: { kind: 'calendar', period: 'month', timeZone: 'UTC', anchorDay: 1 },
  wide: false,
  soft: false,
} as const;
export const places = {
  ...spend,
  counter: 'concurrent/live/tenant=acme',
  unit: 'concurrent',
  limit: 8,
  window: { kind: 'live' },
} as const;
export const hands = 3;

/** What it says, a line each. */
export type Said =
  | { readonly did: 'open' }
  | { readonly did: 'look' }
  | { readonly did: 'charge'; readonly amount: number }
  | { readonly did: 'end' };
