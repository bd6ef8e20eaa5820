import { open } from 'node:fs/promises';
import type { UsageEvent } from '@tollgate/core';
import { definitionIn, type ScopeSpan, type WindowSpend } from '@tollgate/core/internal';

/** The number of latest events whose ids are remembered: an event may be written twice, one soon after the other. */
const mostApart = 100_000;

/**
 * The usage events in a file, each once. A line cut off by the end of its process is left out; a missing file has none. Rejects where the
 * file cannot be read.
 */
async function* eventsIn(path: string): AsyncGenerator<UsageEvent> {
  let latest = new Set<string>();
  let earlier = new Set<string>();
  const file = await open(path).catch((error: unknown) => {
    if (typeof error === 'object' && error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    for await (const line of file.readLines()) {
      const event = eventIn(line);
      if (!event || latest.has(event.eventId) || earlier.has(event.eventId)) continue;
      if (latest.size >= mostApart) [earlier, latest] = [latest, new Set()];
      latest.add(event.eventId);
      yield event;
    }
  } finally {
    await file.close();
  }
}

function eventIn(line: string): UsageEvent | undefined {
  try {
    const event: UsageEvent = JSON.parse(line);
    return Array.isArray(event.charges) ? event : undefined;
  } catch {
    return undefined;
  }
}

/** The charges of the usage events in a file, by counter and window. Rejects where the file cannot be read. */
export async function spendInJsonLines(path: string): Promise<WindowSpend[]> {
  const sums = new Map<string, WindowSpend>();
  for await (const { charges } of eventsIn(path)) {
    for (const { counter, window, amount } of charges) {
      const place = `${counter} ${window}`;
      sums.set(place, { counter, window, amount: amount + (sums.get(place)?.amount ?? 0) });
    }
  }
  return [...sums.values()];
}

/**
 * When each definition of a limit was first charged in a file, in ms since the epoch: `nowMs` where it never was, 0 where the file has no
 * event. Rejects where the file cannot be read.
 */
export async function definedInJsonLines(
  path: string,
  definitions: readonly string[],
  nowMs: number,
): Promise<number[]> {
  const first = new Map<string, number>();
  let isEmpty = true;
  for await (const { charges, admittedAt } of eventsIn(path)) {
    isEmpty = false;
    for (const { counter } of charges) {
      const definition = definitionIn(counter);
      if (!first.has(definition)) first.set(definition, Date.parse(admittedAt));
    }
  }
  return definitions.map((definition) => (isEmpty ? 0 : (first.get(definition) ?? nowMs)));
}

/** The usage of scopes by the events in a file, in their order and units. Rejects where the file cannot be read. */
export async function spentInJsonLines(path: string, spans: readonly ScopeSpan[]): Promise<number[]> {
  const amounts = spans.map(() => 0);
  for await (const event of eventsIn(path)) {
    const admittedMs = Date.parse(event.admittedAt);
    for (const [index, { unit, scope, startMs, endMs }] of spans.entries()) {
      if (admittedMs < startMs || admittedMs >= endMs || !isWithin(event, scope)) continue;
      amounts[index] = (amounts[index] ?? 0) + amountOf(event, unit);
    }
  }
  return amounts;
}

/** A caller without a user (key) counts by its own id, which is its key (user). */
function isWithin(event: UsageEvent, scope: ScopeSpan['scope']): boolean {
  const { tenant, team = '', user, keyId, route, model } = event;
  const own = { tenant, team, user: user ?? keyId, key: keyId ?? user, route, model };
  return Object.entries(scope).every(([name, value]) => own[name as keyof typeof own] === value);
}

/** An attempt takes the same from all counters of a unit; where it took nothing from any, the event's own figures count. */
function amountOf(event: UsageEvent, unit: ScopeSpan['unit']): number {
  const charged = event.charges.filter(({ counter }) => counter.startsWith(`${unit}/`));
  if (charged.length > 0) return Math.max(...charged.map(({ amount }) => amount));
  const { inputTokens, outputTokens, costNanoUsd, unresolvedNanoUsd = '0' } = event;
  if (unit === 'usd') return Number(costNanoUsd) + Number(unresolvedNanoUsd);
  if (unit === 'tokens') return inputTokens + outputTokens;
  return unit === 'inputTokens' ? inputTokens : outputTokens;
}
