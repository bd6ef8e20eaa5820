import { formatUsd } from 'tollgate';
import type { Facts } from './run.js';

/** One thing that must hold, with the figures it holds by. */
export interface Finding {
  holds: boolean;
  sentence: string;
}

/** The conditions that a run must meet. */
export function proofOf(facts: Facts): Finding[] {
  const admitted = facts.answers['200'] ?? 0;
  const others = Object.keys(facts.answers).filter((status) => status !== '200' && status !== '402');
  const usd = (nanoUsd: number): string => `$${formatUsd(nanoUsd)}`;
  return [
    {
      holds: facts.mostNanoUsd <= facts.capNanoUsd && facts.mostNanoUsd > 0,
      sentence: `never above the cap of ${usd(facts.capNanoUsd)}: at most ${usd(facts.mostNanoUsd)} used and held, in ${facts.looks} looks`,
    },
    {
      holds: facts.usedNanoUsd === facts.billNanoUsd && facts.usedNanoUsd > 0,
      sentence: `used ${usd(facts.usedNanoUsd)}, to the nano-dollar what the provider bills: ${usd(facts.billNanoUsd)}`,
    },
    { holds: facts.heldNanoUsd === 0, sentence: `held at the end: ${usd(facts.heldNanoUsd)}` },
    {
      holds: admitted === facts.providerRequests && others.length === 0,
      sentence: `${admitted} requests admitted, ${facts.providerRequests} at the provider; ${facts.answers['402'] ?? 0} refusals (402), ${others.length === 0 ? 'nothing else' : `and ${others.join(', ')}`}`,
    },
    {
      holds:
        facts.events === facts.providerRequests &&
        facts.differentEvents === facts.events &&
        facts.eventsNanoUsd === facts.usedNanoUsd,
      sentence: `${facts.events} usage events, each once, ${facts.streams} of them of streams, which come to ${usd(facts.eventsNanoUsd)}`,
    },
  ];
}
