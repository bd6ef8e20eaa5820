import type { Pool } from 'pg';

/** What a period would have come to under a cap for each key, worked out row by row. */
export interface ReplayedByHand {
  readonly requests: number;
  readonly refusedRequests: number;
  readonly recordedNanoUsd: bigint;
  readonly simulatedNanoUsd: bigint;
}

/** Admits the ledger's attempts in their order as long as a key's cap lasts; a request that was refused once stays refused. No quota engine is involved. */
export async function replayedByHand(pool: Pool, capNanoUsd: bigint): Promise<ReplayedByHand> {
  const { rows } = await pool.query(
    `select one.request_id, one.key_id, one.cost_nano_usd + coalesce((select sum(cost_nano_usd) from tollgate.usage_events where adjusts = one.event_id), 0) as cost
    from tollgate.usage_events one where kind = 'usage' order by admitted_at, event_id`,
  );
  const spent = new Map<string, bigint>();
  const requests = new Set<string>();
  const refused = new Set<string>();
  let [recordedNanoUsd, simulatedNanoUsd] = [0n, 0n];
  for (const { request_id: request, key_id: key, cost: text } of rows) {
    const cost = BigInt(text);
    const before = spent.get(key) ?? 0n;
    requests.add(request);
    recordedNanoUsd += cost;
    if (refused.has(request)) continue;
    if (before + cost > capNanoUsd) refused.add(request);
    else {
      spent.set(key, before + cost);
      simulatedNanoUsd += cost;
    }
  }
  return { requests: requests.size, refusedRequests: refused.size, recordedNanoUsd, simulatedNanoUsd };
}
