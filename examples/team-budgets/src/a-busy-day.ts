import type { Keys } from './app.js';
import { teams } from './teams.js';

/** Counts of a feature's requests by outcome. */
export interface Asked {
  readonly team: string;
  readonly feature: string;
  readonly answered: number;
  readonly refused: number;
}

/** Every team sends this many requests through each of its features. */
export async function aBusyDay(url: string, keys: Keys, times: number): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const { id, features } of teams) {
    for (const feature of Object.keys(features)) {
      let answered = 0;
      for (let time = 0; time < times; time += 1) {
        const { status } = await fetch(`${url}/${id}/${feature}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${keys[id]}`, 'content-type': 'application/json' },
          body: JSON.stringify({ text: 'Tell me in a few words what there is to know.' }),
        });
        if (status === 200) answered += 1;
      }
      asked.push({ team: id, feature, answered, refused: times - answered });
    }
  }
  return asked;
}
