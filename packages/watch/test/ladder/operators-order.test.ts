import { describe, expect, it } from '@jest/globals';
import type { MitigationRecord, MitigationStore } from '@tollgate/core/internal';
import type { Mitigation } from '../../src/ladder/mitigation.js';
import { Operators } from '../../src/ladder/operators.js';

const atMs = Date.UTC(2026, 10, 25);
const mitigation = (id: string, outcome: 'withheld' | 'applied'): Mitigation => ({
  ...{ id, atMs, untilMs: atMs + 60_000, outcome },
  action: { do: 'suspend', forMs: 60_000, cutsRunning: false },
  target: { kind: 'key', name: 'k', tenant: 'acme' },
  finding: {
    detector: 'spend',
    score: 9,
    atMs,
    subject: { kind: 'key', name: 'k', tenant: 'acme' },
    features: [],
    contributors: [],
  },
});

describe('the records of actions that operators see', () => {
  it('do not say that a decision was carried out which failed, and the next decision is', async () => {
    const records = new Map<string, MitigationRecord>();
    const decisions = ['fails', 'works'].map((id) => ({ id, what: 'undo', by: 'ann' }));
    const asked: string[] = [];
    const store = {
      put: async (record: MitigationRecord) => void records.set(record.id, record),
      take: async () => decisions.splice(0),
      takenBack: async () => [],
    } as unknown as MitigationStore;
    const undo = async (id: string): Promise<boolean> => {
      asked.push(id);
      if (id === 'fails') throw new Error('the switch is away');
      return true;
    };
    const actions = { undo, confirm: undo, leaveAlone: async () => true };
    const operators = new Operators(store, actions, () => atMs);
    const works = mitigation('works', 'applied');
    operators.show(mitigation('fails', 'applied'));
    operators.show({ ...works, target: { kind: 'key', name: 'other', tenant: 'acme' } });
    while (!records.get('works')?.decided) await new Promise((resolve) => setTimeout(resolve, 5));
    operators.end();
    expect(asked).toEqual(['fails', 'works']);
    expect(records.get('fails')).toMatchObject({ outcome: 'applied', untilMs: atMs + 60_000 });
    expect(records.get('fails')?.decided).toBeUndefined();
  });

  it('end as they were last, in a store whose first writes take the longest', async () => {
    const records = new Map<string, MitigationRecord>();
    const over: Promise<void>[] = [];
    let writes = 0;
    const decisions = [{ id: 'asked', what: 'confirm', by: 'ann', atMs }];
    const store = {
      put: (record: MitigationRecord) => {
        writes += 1;
        const ms = Math.max(0, 60 - 20 * writes);
        const put = new Promise<void>((resolve) => {
          setTimeout(() => {
            records.set(record.id, record);
            resolve();
          }, ms);
        });
        over.push(put);
        return put;
      },
      take: async () => decisions.splice(0),
      takenBack: async () => [],
    } as unknown as MitigationStore;
    const operators: Operators = new Operators(
      store,
      {
        // Carried out, it takes the place of the one that waited for a confirmation.
        confirm: async () => {
          operators.show(mitigation('done', 'applied'));
          return true;
        },
        undo: async () => false,
        leaveAlone: async () => true,
      },
      () => atMs,
    );
    operators.show(mitigation('asked', 'withheld'));
    while (writes < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all(over);
    operators.end();
    expect(records.get('asked')).toMatchObject({ decided: { what: 'confirm' }, untilMs: atMs + 60_000 });
    expect(records.get('done')).toMatchObject({ outcome: 'applied', untilMs: atMs + 60_000 });
  }, 10_000);
});
