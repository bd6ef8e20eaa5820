/** One request of the simulated traffic. */
export interface PlannedRequest {
  readonly who: string;
  readonly atMs: number;
  readonly network: string;
  /** Absent: a wrong credential. */
  readonly key?: string;
  readonly prompt: string;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const words =
  'please summarise this letter for our customer in three sentences and keep a friendly tone'.split(' ');
const sentence = (random: () => number, length: number): string =>
  Array.from({ length }, () => words[Math.floor(random() * words.length)]).join(' ');

/** A person at work: pauses of seconds to a minute, prompts of any length, some of them again. */
export function person(
  who: string,
  key: string,
  network: string,
  startMs: number,
  count: number,
  seed: number,
) {
  const random = seeded(seed);
  let atMs = startMs;
  let last = '';
  return Array.from({ length: count }, (): PlannedRequest => {
    atMs += 3_000 - Math.log(1 - random()) * 15_000;
    if (last === '' || random() > 0.15) last = sentence(random, 5 + Math.floor(random() * 60));
    return { who, key, network, atMs, prompt: last };
  });
}

/** A scraper with a key that it bought: short prompts, each a new one, twice a second like clockwork. */
export function scraper(who: string, key: string, network: string, startMs: number, count: number) {
  return Array.from({ length: count }, (_, index): PlannedRequest => {
    return { who, key, network, atMs: startMs + index * 500, prompt: `item ${index}` };
  });
}

/** A network that tries credentials which it found elsewhere. */
export function stuffer(who: string, network: string, startMs: number, count: number) {
  return Array.from({ length: count }, (_, index): PlannedRequest => {
    return { who, network, atMs: startMs + index * 300, prompt: 'hello' };
  });
}
