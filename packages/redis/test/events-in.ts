import type { UsageEvent } from '@tollgate/core';
import { eventOfEntry } from '../src/outbox/outbox-entry.js';
import { listIn, textIn } from '../src/script/reply.js';

/** Every usage event in the streams of a store. `read` answers as XRANGE does. */
export async function eventsIn(
  prefix: string,
  partitions: number,
  read: (stream: string) => Promise<unknown>,
): Promise<UsageEvent[]> {
  const streams = Array.from({ length: partitions }, (_, partition) => `${prefix}:{p${partition}}:outbox`);
  const entries = await Promise.all(streams.map((stream) => read(stream)));
  return entries.flatMap((stream) => listIn(stream).map((entry) => eventOfEntry(fieldsOf(listIn(entry)[1]))));
}

function fieldsOf(value: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  const flat = listIn(value).map(textIn);
  for (let index = 0; index < flat.length; index += 2) fields[flat[index] ?? ''] = flat[index + 1] ?? '';
  return fields;
}
