const cents = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const counts = new Intl.NumberFormat('en-US');
const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });

/** To the cent; less than a cent as such, since 0.00 would say that it is free. */
export function money(usd: string | number): string {
  const amount = Number(usd);
  if (amount !== 0 && Math.abs(amount) < 0.01) return amount > 0 ? '< $0.01' : '> −$0.01';
  return cents.format(amount);
}

/** The exact amount, for the title of {@link money}. */
export const exactly = (usd: string | number): string => `$${usd}`;

export const count = (value: number): string => counts.format(value);
export const shortCount = (value: number): string => short.format(value);
export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

/** An amount in the unit of a limit. */
export const inUnit = (value: string | number, unit: string): string =>
  unit === 'usd' ? money(value) : `${count(Number(value))} ${unit}`;

/** Date and time in a zone, which is named beside each range. */
export function time(iso: string, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' },
  }).format(new Date(iso));
}

/** `3 h`, `2 days`. */
export function duration(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes < 90) return `${Math.max(1, Math.round(minutes))} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`;
}

/** Marks of an axis, with as many decimals as their steps need. */
export function axisMarks(marks: readonly number[], unit: 'usd' | 'count'): string[] {
  const step = Math.abs((marks[1] ?? 1) - (marks[0] ?? 0)) || 1;
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  if (unit === 'count')
    return marks.map((mark) => (decimals === 0 ? shortCount(mark) : mark.toFixed(decimals)));
  return marks.map((mark) =>
    step >= 1_000 ? `$${shortCount(mark)}` : `$${mark.toFixed(step >= 1 ? 0 : Math.max(2, decimals))}`,
  );
}
