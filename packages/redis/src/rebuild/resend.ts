import type { ScriptName } from '../lua/source.js';
import { partitionOf } from '../script/partition.js';
import type { OperationText, ScriptCaller } from '../script/script-caller.js';
import type { QuietCharge } from '../wire/quiet-requests.js';
import { appendText, chargeText, holdText } from '../wire/settlement-wire.js';
import type { OwnBooks } from './own-books.js';

const attempt = 32;

/**
 * Sends this process's holds and recent settlements into a generation of a partition: leases first, since a settlement of an unknown lease
 * ends it. `false`: the generation has changed meanwhile.
 */
export async function resend(
  caller: ScriptCaller,
  { leases, charges, appends }: OwnBooks,
  at: { readonly partition: number; readonly partitions: number; readonly generation: number },
  rememberMs: number,
): Promise<boolean> {
  const { partition, partitions, generation } = at;
  const isHere = (name: string): boolean => partitionOf(name, partitions) === partition;
  const here = <Entry extends { readonly partition: string }>(entries: readonly Entry[]): Entry[] =>
    entries.filter((entry) => isHere(entry.partition));
  const send = async (name: ScriptName, texts: readonly OperationText[]): Promise<boolean> => {
    for (let from = 0; from < texts.length; from += attempt) {
      const done = await caller.callIn(generation, name, partition, texts.slice(from, from + attempt));
      if (!done) return false;
    }
    return true;
  };
  const held = leases.live(isHere);
  const charged = here([...charges.done().map(chargedOnly), ...charges.unconfirmed()]);
  const appended = here([...appends.done(), ...appends.unconfirmed()]);
  return (
    (await send(
      'hold',
      held.map((lease) => (args) => holdText(args, lease)),
    )) &&
    (await send(
      'charge',
      charged.map((request) => (args) => chargeText(args, request, rememberMs)),
    )) &&
    (await send(
      'append',
      appended.map((request) => (args) => appendText(args, request, rememberMs)),
    ))
  );
}

/** Releases nothing again: the lease is restored with its remaining amount. */
const chargedOnly = (request: QuietCharge): QuietCharge => ({
  ...request,
  items: request.items.map((item) => ({ ...item, release: 0 })),
  close: false,
});
