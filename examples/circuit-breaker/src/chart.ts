import { runaway, stolen, tenants } from './night.js';

type Bill = ReadonlyMap<string, number>;

const why: Readonly<Record<string, string>> = { [runaway]: 'an agent loops', [stolen]: 'a key is stolen' };
const barWidth = 400;

/** The bills of both nights as a picture (SVG): two bars for each tenant, in dollars to the cent. */
export function chartOf(unwatched: Bill, watched: Bill): string {
  const most = Math.max(...unwatched.values());
  const rows = tenants.map((tenant, index) => {
    const y = 58 + index * 44;
    const usd = [unwatched.get(tenant) ?? 0, watched.get(tenant) ?? 0];
    const bars = usd.map((amount, which) => {
      const width = Math.max(2, Math.round((amount / most) * barWidth));
      const top = y + which * 16;
      return [
        `<rect x="170" y="${top}" width="${width}" height="13" fill="${which === 0 ? '#f87171' : '#22c55e'}"/>`,
        text(178 + width, top + 11, `$${amount.toFixed(2)}`, 11),
      ].join('\n');
    });
    const label =
      text(20, y + 13, tenant, 13, '600') + (why[tenant] ? `\n${text(20, y + 28, why[tenant], 11)}` : '');
    return [label, ...bars].join('\n');
  });
  return `${[
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 330" role="img" aria-labelledby="t">',
    '<title id="t">What six tenants pay for one night, unwatched and watched</title>',
    '<rect width="680" height="330" rx="8" fill="#f8fafc"/>',
    text(20, 30, 'One night, six tenants: unwatched (red) and watched (green)', 15, '600'),
    ...rows,
    '</svg>',
  ].join('\n')}\n`;
}

const text = (x: number, y: number, words: string, size: number, weight = '400'): string =>
  `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" font-family="system-ui, sans-serif" fill="#0f172a">${words}</text>`;
