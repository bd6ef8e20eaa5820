/** What an app process of the ledger's journey is started with, as JSON. */
export interface LedgerProcessSettings {
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly providerUrl: string;
  /** Each tenant's money. @defaultValue {@link tenantLimit} */
  readonly limit?: string;
}

/** As good as no limit. */
export const tenantLimit = '$1000000/month';

/** Dollars for a million tokens, as decimal text: five models, of which two are Anthropic's. */
export const prices = {
  'gpt-5': { inputUsdPerMillion: '1.25', cachedInputUsdPerMillion: '0.125', outputUsdPerMillion: '10' },
  'gpt-5-mini': { inputUsdPerMillion: '0.25', cachedInputUsdPerMillion: '0.025', outputUsdPerMillion: '2' },
  'gpt-4.1-nano': {
    inputUsdPerMillion: '0.1',
    cachedInputUsdPerMillion: '0.025',
    outputUsdPerMillion: '0.4',
  },
  'claude-sonnet-4-5': {
    ...{ inputUsdPerMillion: '3', cachedInputUsdPerMillion: '0.3' },
    ...{ cacheWriteUsdPerMillion: '3.75', cacheWrite1hUsdPerMillion: '6', outputUsdPerMillion: '15' },
  },
  'claude-haiku-4-5': {
    ...{ inputUsdPerMillion: '1', cachedInputUsdPerMillion: '0.1' },
    ...{ cacheWriteUsdPerMillion: '1.25', cacheWrite1hUsdPerMillion: '2', outputUsdPerMillion: '5' },
  },
} as const;

export const models = Object.keys(prices) as (keyof typeof prices)[];
