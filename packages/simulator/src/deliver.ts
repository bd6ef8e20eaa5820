import type { ServerResponse } from 'node:http';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Plan } from './plan.js';
import type { Script } from './script.js';
import type { Chunk } from './stream-event.js';

/** Callbacks of a delivery to the provider's accounts. */
export interface DeliveryNotes {
  onHeaders(): void;
  onWrite(chunk: Chunk): void;
  /** The script ends it here, not the client. */
  onCut(): void;
}

/** Waits, unless the client leaves first. */
async function pause(ms: number, gone: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, undefined, { signal: gone }).catch(() => undefined);
}

async function drained(res: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      res.off('drain', done).off('close', done);
      resolve();
    };
    res.on('drain', done).on('close', done);
  });
}

function cut(res: ServerResponse, script: Script, notes: DeliveryNotes): void {
  notes.onCut();
  if (script.resetWithRst) res.socket?.resetAndDestroy();
  else res.socket?.destroy();
}

/** Milliseconds before the headers and before each write. */
function paceOf(plan: Plan, script: Script): { firstMs: number; eachMs: number } {
  const tokenMs = script.tokensPerSecond === undefined ? 0 : 1000 / script.tokensPerSecond;
  const firstMs = script.firstByteDelayMs ?? 0;
  if (plan.streamed) return { firstMs, eachMs: script.slowDripMs ?? script.chunkDelayMs ?? tokenMs };
  return { firstMs: firstMs + tokenMs * (plan.usage?.outputTokens ?? 0), eachMs: script.slowDripMs ?? 0 };
}

function ending(script: Script): 'end' | 'hang' | 'reset' {
  return script.hang !== undefined ? 'hang' : script.reset !== undefined ? 'reset' : 'end';
}

/** Sends the planned answer as the script wants it paced, cut and ended. Resolves when nothing more will be sent. */
export async function deliver(
  res: ServerResponse,
  plan: Plan,
  writes: readonly Chunk[],
  script: Script,
  gone: AbortSignal,
  notes: DeliveryNotes,
): Promise<void> {
  const { firstMs, eachMs } = paceOf(plan, script);
  if (firstMs > 0) await pause(firstMs, gone);
  if (gone.aborted) return;
  const stop = script.hang ?? script.reset ?? script.end;
  if (stop === 'before-headers') {
    if (script.hang === undefined) cut(res, script, notes);
    return;
  }
  notes.onHeaders();
  const length =
    !plan.streamed && stop === undefined
      ? { 'content-length': writes.reduce((sum, write) => sum + write.bytes.length, 0) }
      : {};
  res.writeHead(plan.status, { 'content-type': plan.contentType, ...plan.headers, ...length });
  const apart = script.splitAt !== undefined || script.chunkBytes !== undefined || ending(script) !== 'end';
  if (eachMs > 0 || apart || writes.length === 0) res.flushHeaders();
  for (const write of writes) {
    if (eachMs > 0) await pause(eachMs, gone);
    else if (apart) await turn();
    if (gone.aborted) return;
    notes.onWrite(write);
    if (!res.write(write.bytes)) await drained(res);
  }
  if (ending(script) === 'end') {
    const { socket } = res;
    if (script.closeConnection === 'after-answer') res.on('finish', () => socket?.destroy());
    res.end();
    return;
  }
  // A turn of the event loop lets the kernel send the written bytes before the socket is closed.
  await turn();
  if (script.hang === undefined) cut(res, script, notes);
}
