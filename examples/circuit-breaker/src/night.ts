/** One call by one client. */
export interface Asking {
  /** Simulated, ms since the epoch. */
  readonly atMs: number;
  /** The tenant whose key it uses. */
  readonly tenant: string;
  readonly by: 'customer' | 'agent' | 'thief';
  /** The client's IP address. */
  readonly network: string;
  readonly model: string;
  readonly prompt: string;
}

/** Customers of the app, by what their tenants are called. */
export const tenants = ['acme', 'globex', 'hooli', 'initech', 'umbrella', 'vandelay'] as const;
/** Whose agent forgets to stop, and whose key is stolen. */
export const runaway = 'globex';
/** The agent has a separate key. */
export const agentsKey = 'globex/agent';
export const stolen = 'initech';

const minuteMs = 60_000;
export const beginsAtMs = Date.UTC(2026, 10, 20, 20);
export const agentLoopsAtMs = Date.UTC(2026, 10, 21, 1, 10);
export const keyIsStolenAtMs = Date.UTC(2026, 10, 21, 3, 30);
export const endsAtMs = Date.UTC(2026, 10, 21, 6);

/** The night in order: always the same. */
export function theNight(): Asking[] {
  const random = seeded(7);
  const asked: Asking[] = [];
  for (const [index, tenant] of tenants.entries()) {
    const network = `198.51.100.${index + 1}`;
    for (let atMs = beginsAtMs; atMs < endsAtMs; atMs += (1 + 4 * random()) * minuteMs) {
      const prompt = `Question ${Math.floor(random() * 1e6)}, please.`;
      asked.push({ atMs: Math.floor(atMs), tenant, by: 'customer', network, model: 'gpt-5', prompt });
    }
  }
  // Plan, act, look, plan, act, look: it never notices that it is done.
  const agent = { tenant: runaway, by: 'agent', network: '198.51.100.20', model: 'gpt-5-pro' } as const;
  for (let turn = 0, atMs = agentLoopsAtMs; atMs < endsAtMs; atMs += 15_000, turn += 1) {
    asked.push({ ...agent, atMs, prompt: `Step ${turn % 3} of the nightly report.` });
  }
  // The key is sold: thirty buyers use it, each from a different network.
  const thief = { tenant: stolen, by: 'thief', model: 'gpt-5-pro' } as const;
  for (let atMs = keyIsStolenAtMs; atMs < endsAtMs; atMs += 12_000) {
    const network = `203.0.113.${1 + Math.floor(random() * 30)}`;
    asked.push({ ...thief, atMs, network, prompt: `Homework ${Math.floor(random() * 1e6)}.` });
  }
  return asked.sort((one, other) => one.atMs - other.atMs);
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
