import { setTimeout as delay } from 'node:timers/promises';
import type { SendCommand } from '../connection/connection.js';
import type { Script } from './scripts.js';

/** Answers of a server that did nothing and may do better in a moment. */
const passing = /^(?:LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|BUSY)\b/;
const retryAfterMs = 20;

/** Sends a command; once more a moment later where the server did nothing, e.g. while it starts. */
export async function sendTwice(
  send: SendCommand,
  key: string,
  args: (string | Buffer)[],
  signal: AbortSignal,
  as?: 'bytes',
): Promise<unknown> {
  try {
    return await send(key, args, signal, as);
  } catch (error) {
    if (!(error instanceof Error) || !passing.test(error.message)) throw error;
    await delay(retryAfterMs);
    if (signal.aborted) throw error;
    return await send(key, args, signal, as);
  }
}

/** Runs a script by its digest, or in full on a server that lacks it. All keys are on one server. Texts of its reply are bytes. */
export async function sendScript(
  send: SendCommand,
  script: Script,
  keys: readonly string[],
  args: readonly (string | Buffer)[],
  signal: AbortSignal,
): Promise<unknown> {
  const [key = ''] = keys;
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await sendTwice(send, key, ['EVALSHA', script.sha1, ...rest], signal, 'bytes');
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await sendTwice(send, key, ['EVAL', script.source, ...rest], signal, 'bytes');
  }
}
