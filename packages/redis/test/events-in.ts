import type { UsageEvent } from '@tollgate/core';
import { eventOfEntry } from '../src/outbox-entry.js';

/** Reads all of a stream. */
export type ReadStream = (
  stream: string,
) => Promise<readonly { readonly message: Readonly<Record<string, string>> }[] | null>;

/** Every usage event in the streams of a store. */
export async function eventsIn(prefix: string, partitions: number, read: ReadStream): Promise<UsageEvent[]> {
  const streams = Array.from({ length: partitions }, (_, partition) => `${prefix}:{p${partition}}:outbox`);
  const entries = await Promise.all(streams.map((stream) => read(stream)));
  return entries.flatMap((stream) => stream ?? []).map(({ message }) => eventOfEntry(message));
}
