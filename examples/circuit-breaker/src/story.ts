import { agentLoopsAtMs, beginsAtMs, keyIsStolenAtMs, runaway, stolen, tenants } from './night.js';
import type { Night } from './play.js';

/** Both nights in a few lines for a person. */
export function storyOf(unwatched: Night, watched: Night): string {
  const owners = Object.entries(watched.keyIds);
  const named = (text: string): string =>
    owners.reduce((said, [tenant, keyId]) => said.replaceAll(keyId, `of ${tenant}`), text);
  const happened: [number, string][] = [
    [beginsAtMs, `${tenants.length} customers go about their work; what is usual for each is learned`],
    [agentLoopsAtMs, `>>> an agent of ${runaway} begins to loop, a dear call every 15 s`],
    [keyIsStolenAtMs, `>>> the key of ${stolen} is stolen and sold: a call every 12 s, from 30 networks`],
    ...watched.told.map(({ atMs, event, severity, title }): [number, string] => [
      atMs,
      `    alert ${event}, ${severity}: ${named(title)}`,
    ]),
  ];
  happened.sort(([one], [other]) => one - other);
  const rows = tenants.map(
    (tenant) => [tenant, unwatched.bill.get(tenant) ?? 0, watched.bill.get(tenant) ?? 0] as const,
  );
  const sum = (index: 1 | 2): number => rows.reduce((total, row) => total + row[index], 0);
  return [
    ...happened.map(([atMs, what]) => `${new Date(atMs).toISOString().slice(11, 19)}  ${what}`),
    '',
    `${'the bill'.padEnd(12)}${'unwatched'.padStart(12)}${'watched'.padStart(12)}`,
    ...[...rows, ['together', sum(1), sum(2)] as const].map(
      ([name, without, withIt]) => `${name.padEnd(12)}${usd(without)}${usd(withIt)}`,
    ),
    '',
    `Requests of customers that were refused: ${watched.refused.customer}; of the agent: ${watched.refused.agent}, of the thief: ${watched.refused.thief}.`,
  ].join('\n');
}

const usd = (amount: number): string => `$${amount.toFixed(2)}`.padStart(12);
