import type { Json } from './json.js';
import type { WrongUsage } from './script.js';

/** Above every context window, still exact in a double. */
const ABSURD_TOKENS = 9_000_000_000_000;

function mapNumbers(value: Json, change: (number: number) => Json): Json {
  if (typeof value === 'number') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapNumbers(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapNumbers(item, change)]));
}

/** The usage object as a misbehaving provider would send it. */
export function reportedUsage(usage: Json, wrong: WrongUsage | undefined): Json | undefined {
  if (typeof wrong === 'function') return wrong(usage);
  switch (wrong) {
    case 'absent':
      return undefined;
    case 'null':
      return null;
    case 'zero':
      return mapNumbers(usage, () => 0);
    case 'negative':
      return mapNumbers(usage, (number) => -number - 1);
    case 'string':
      return mapNumbers(usage, String);
    case 'absurd':
      return mapNumbers(usage, () => ABSURD_TOKENS);
    case 'fraction':
      return mapNumbers(usage, (number) => number + 0.5);
    default:
      return usage;
  }
}
