import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { knownEvasions, labelledPrompts } from './labelled/labelled-prompts.js';
import { evasionsList, isRefused, percent, rateOf, ratesTable } from './labelled/rates.js';

const prompts = labelledPrompts();
const shareOf = (hostile: boolean, part: string): number => {
  const { refused, of } = rateOf(prompts.filter((one) => one.hostile === hostile && one.part === part));
  return refused / of;
};

describe('injection() on the labelled prompts', () => {
  it('has 330 hostile and 330 benign ones or more, none twice, a third not in English, few made by a program', () => {
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(prompts.length);
    for (const hostile of [true, false]) {
      const own = prompts.filter((prompt) => prompt.hostile === hostile);
      expect(own.length).toBeGreaterThanOrEqual(330);
      expect(new Set(own.map(({ language }) => language)).size).toBeGreaterThanOrEqual(12);
      const transformed = own.filter(({ kind }) => kind.startsWith('transformed'));
      expect(transformed.length / own.length).toBeLessThanOrEqual(0.2);
      for (const half of ['tuning', 'held out']) {
        expect(own.filter(({ part }) => part === half).length).toBeGreaterThan(150);
      }
    }
    expect(prompts.filter(({ language }) => language !== 'en').length * 3).toBeGreaterThanOrEqual(
      prompts.length,
    );
  });

  for (const [half, found, wrong] of [
    ['tuning', 0.92, 0.02],
    ['held out', 0.85, 0.03],
  ] as const) {
    it(`finds ${found * 100} % of the hostile ones or more in the ${half} half, and refuses ${wrong * 100} % of the benign ones at most`, () => {
      expect(shareOf(true, half)).toBeGreaterThanOrEqual(found);
      expect(shareOf(false, half)).toBeLessThanOrEqual(wrong);
    });
  }

  it('lists as passing only what passes still', () => {
    expect(knownEvasions().filter(({ text }) => isRefused(text))).toEqual([]);
    expect(knownEvasions().length).toBeGreaterThanOrEqual(10);
  });

  it('says in RATES.md what it finds; TOLLGATE_RATES=1 writes it anew', () => {
    const file = new URL('./labelled/RATES.md', import.meta.url);
    const [before, , after] = readFileSync(file, 'utf8').split(
      /(?<=<!-- rates -->\n)|(?=<!-- end of rates -->)/,
    );
    const current = `${before}\n${ratesTable(prompts)}\n\n## What passes\n\n${evasionsList()}\n\n${after}`;
    if (process.env.TOLLGATE_RATES === '1') writeFileSync(file, current);
    expect(readFileSync(file, 'utf8')).toBe(current);
  });

  it('says in the README of the package what to expect', () => {
    const rate = (hostile: boolean, part: string) =>
      percent(rateOf(prompts.filter((one) => one.hostile === hostile && one.part === part)));
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
    expect(readme).toContain(`finds ${rate(true, 'held out')} of the hostile`);
    expect(readme).toContain(`refuses ${rate(false, 'held out')} of the benign ones`);
    expect(readme).toContain(`reworded afterwards it finds ${rate(true, 'written later')}`);
  });
});
