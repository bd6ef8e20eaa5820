import { z } from 'zod';

/** No fields at all. */
export const nothing = z.strictObject({});

/** An id of a tenant, team, user or key. */
export const id = z.string().min(1).max(256);

/** ISO 8601 in UTC. */
export const moment = z.iso.datetime();

/** Dollars with up to nine decimals, as text. */
export const dollars = z.string().regex(/^-?\d+\.\d{2,9}$/);

/** A date, or a time whose zone is stated: another one would mean the server's. */
export const momentIn = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/,
    'must be a date such as 2026-11-01 (UTC), or a time with its zone',
  )
  .refine((text) => Number.isFinite(Date.parse(text)), 'must be a date that exists');

export const timeZone = z
  .string()
  .refine(isZone, 'must be an IANA time zone such as Europe/Berlin')
  .default('UTC');

/** How many, and from where: every list has its `next`. */
export const pageFields = {
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  after: z.string().min(1).max(512).optional(),
};

/** The fields of a list; `next` is the `after` of the next page. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({ data: z.array(item), next: z.string().nullable() });
}

/** Cuts a list that was asked for one item more than the page, and names the next page. */
export function page<Item, Shown>(
  items: readonly Item[],
  limit: number,
  { shown, cursor }: { shown: (item: Item) => Shown; cursor: (item: Item) => string },
): { data: Shown[]; next: string | null } {
  const here = items.slice(0, limit);
  const last = here.at(-1);
  return { data: here.map(shown), next: items.length > limit && last !== undefined ? cursor(last) : null };
}

/** ISO 8601, or `null` for nothing. */
export const isoOf = (ms: number | undefined): string | null =>
  ms === undefined ? null : new Date(ms).toISOString();

/** Nano-dollars as dollars, exactly. */
export function usd(nano: string | bigint | number): string {
  const amount = BigInt(nano);
  const digits = String(amount < 0n ? -amount : amount).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '').padEnd(2, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -9)}.${fraction}`;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
