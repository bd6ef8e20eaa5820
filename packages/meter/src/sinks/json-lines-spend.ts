import { open } from 'node:fs/promises';
import type { UsageEvent } from '@tollgate/core';
import type { WindowSpend } from '@tollgate/core/internal';

/** The number of latest events whose ids are remembered: an event may be written twice, one soon after the other. */
const mostApart = 100_000;

/**
 * The charges of the usage events in a file, by counter and window, each event once. A line cut off by the end of its process is left out;
 * a missing file means that nothing was spent. Rejects where the file cannot be read.
 */
export async function spendInJsonLines(path: string): Promise<WindowSpend[]> {
  const sums = new Map<string, WindowSpend>();
  let latest = new Set<string>();
  let earlier = new Set<string>();
  const file = await open(path).catch((error: unknown) => {
    if (typeof error === 'object' && error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return [];
  try {
    for await (const line of file.readLines()) {
      const event = eventIn(line);
      if (!event || latest.has(event.eventId) || earlier.has(event.eventId)) continue;
      if (latest.size >= mostApart) [earlier, latest] = [latest, new Set()];
      latest.add(event.eventId);
      for (const { counter, window, amount } of event.charges) {
        const place = `${counter} ${window}`;
        sums.set(place, { counter, window, amount: amount + (sums.get(place)?.amount ?? 0) });
      }
    }
  } finally {
    await file.close();
  }
  return [...sums.values()];
}

function eventIn(line: string): UsageEvent | undefined {
  try {
    const event: UsageEvent = JSON.parse(line);
    return Array.isArray(event.charges) ? event : undefined;
  } catch {
    return undefined;
  }
}
