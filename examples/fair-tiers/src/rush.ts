/** How one plan's requests fared. */
export interface Fared {
  readonly plan: 'free' | 'pro';
  readonly asked: number;
  readonly answered: number;
  /** Milliseconds from asking to the answer. */
  readonly median: number;
  readonly longest: number;
}

const json = { 'content-type': 'application/json' };

async function ask(url: string, key: string): Promise<number | undefined> {
  const startMs = performance.now();
  const headers = { ...json, authorization: `Bearer ${key}` };
  const { status } = await fetch(`${url}/ask`, { method: 'POST', headers, body: '{}' });
  return status === 200 ? performance.now() - startMs : undefined;
}

/** Sends all requests at the same moment, free ones first. */
export async function rush(
  url: string,
  keys: Readonly<Record<'free' | 'pro', string>>,
  requests: Readonly<Record<'free' | 'pro', number>>,
): Promise<Fared[]> {
  const send = (plan: 'free' | 'pro') => Array.from({ length: requests[plan] }, () => ask(url, keys[plan]));
  const [free, pro] = [send('free'), send('pro')];
  const fared = async (
    plan: 'free' | 'pro',
    sent: readonly Promise<number | undefined>[],
  ): Promise<Fared> => {
    const times = (await Promise.all(sent))
      .filter((ms) => ms !== undefined)
      .sort((one, other) => one - other);
    const median = Math.round(times[Math.floor(times.length / 2)] ?? 0);
    return {
      plan,
      asked: sent.length,
      answered: times.length,
      median,
      longest: Math.round(times.at(-1) ?? 0),
    };
  };
  return Promise.all([fared('free', free), fared('pro', pro)]);
}

/** Asks steadily for a while, `inFlight` requests at a time; calls `look` every 250 ms. */
export async function steady(
  url: string,
  key: string,
  { inFlight, forMs, look }: { inFlight: number; forMs: number; look: () => void },
): Promise<void> {
  const endMs = performance.now() + forMs;
  const looking = setInterval(look, 250);
  const client = async (): Promise<void> => {
    while (performance.now() < endMs) await ask(url, key);
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  clearInterval(looking);
}
