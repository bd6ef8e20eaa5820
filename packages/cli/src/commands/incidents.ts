import { setTimeout as delay } from 'node:timers/promises';
import type { MitigationRecord, MitigationStore } from '@tollgate/core/internal';
import { Command } from 'commander';
import { type CommandLine, confirmMsOf } from '../command/command-line.js';
import { table } from '../command/table.js';
import { isoOf } from '../command/when.js';
import { switchPlaced, withSwitch } from './switch.js';

/** `tollgate incidents …` */
export function incidentsCommand(io: CommandLine): Command {
  const all = new Command('incidents').description(
    'actions of watch() that hold or wait for a person: list, confirm, undo; where the switch is',
  );
  switchPlaced(all.command('list').description('the latest first')).action(
    (_options: object, command: Command) =>
      withSwitch(io, command, async (store, say) => {
        const records = await actionsIn(store.mitigations).list();
        say(records.map(jsonOf), () => table(headings, records.map(rowOf)));
      }),
  );
  for (const [what, description, done] of [
    ['confirm', 'carry out an action that was withheld', 'carried out'],
    ['undo', 'take an action back: its caller is no longer affected', 'taken back'],
  ] as const) {
    switchPlaced(all.command(what).description(description).argument('<id>')).action(
      (id: string, _options: object, command: Command) =>
        withSwitch(io, command, async (store, say, by) => {
          const actions = actionsIn(store.mitigations);
          const record = (await actions.list()).find((one) => one.id === id);
          if (!record) throw new Error(`there is no action ${JSON.stringify(id)} here, or it has ended`);
          if (what === 'confirm' && record.outcome !== 'withheld') {
            throw new Error(`this action does not wait for a confirmation: it is ${record.outcome}`);
          }
          if (record.decided)
            throw new Error(`${record.decided.by} has decided it already: ${record.decided.what}`);
          await actions.decide({ id, what, by });
          const withinMs = confirmMsOf(io);
          const state = await decided(actions, id, withinMs);
          if (state === 'taken') {
            throw new Error(
              `process ${record.process} has taken the decision and has not reported its end; "tollgate incidents list" shows whether it was ${done}`,
            );
          }
          if (state === 'open') {
            throw new Error(
              `process ${record.process}, which acts, has not answered within ${withinMs / 1_000} s; nothing was ${done}. ${advice[what]}`,
            );
          }
          say(
            { ...jsonOf(record), done },
            () => `${record.action} of ${record.target} is ${done}, by process ${record.process}.\n`,
          );
        }),
    );
  }
  return all;
}

const advice = {
  confirm: 'To act without it: tollgate switch off',
  undo: 'Where it is a suspension: tollgate switch on',
};

function actionsIn(actions: MitigationStore | undefined): MitigationStore {
  if (actions) return actions;
  throw new Error('this switch keeps no actions of watch()');
}

/**
 * Waits for the process that acts. `open`: it has not taken the decision, which is taken back here, so that it is not carried out later, unseen.
 * `taken`: it has, and has not reported that it carried it out.
 */
async function decided(
  actions: MitigationStore,
  id: string,
  withinMs: number,
): Promise<'done' | 'open' | 'taken'> {
  const isDone = async () => (await actions.list()).some((one) => one.id === id && one.decided);
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    if (await isDone()) return 'done';
    await delay(100);
  }
  if ((await actions.take([id])).length > 0) return 'open';
  return (await isDone()) ? 'done' : 'taken';
}

const headings = ['id', 'at', 'until', 'action', 'whom', 'tenant', 'state', 'reason'];

function stateOf({ outcome, decided }: MitigationRecord): string {
  return decided ? `${decided.what} by ${decided.by}` : outcome;
}

function rowOf(record: MitigationRecord) {
  const { id, atMs, untilMs, action, target, tenant, reason } = record;
  return [id, isoOf(atMs), isoOf(untilMs), action, target, tenant, stateOf(record), reason];
}

function jsonOf(record: MitigationRecord) {
  const { id, atMs, untilMs, action, target, tenant, outcome, reason, process, decided } = record;
  return {
    ...{ id, at: isoOf(atMs), until: isoOf(untilMs), action, target, tenant, outcome, reason, process },
    decided: decided?.what,
    decided_by: decided?.by,
  };
}
