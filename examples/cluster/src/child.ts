import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadOrder, Told, WorkerOrder } from './messages.js';

type Role = 'provider' | 'worker' | 'load';
type Order = WorkerOrder | LoadOrder | { tell: 'books' } | { tell: 'end' };

/** A process of this run. */
export interface Child {
  /** Sends an order and waits for the answer. */
  ask(order: Order): Promise<Told>;
  /** Ends it at once. */
  stop(): void;
}

/** Starts one of the other programs of this folder, and waits until it is ready. */
export async function startChild(role: Role): Promise<{ child: Child; told: Told }> {
  const program = join(dirname(fileURLToPath(import.meta.url)), `${role}.js`);
  const process = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const told = await answer(process, role);
  const child: Child = {
    ask(order) {
      process.send(order);
      return answer(process, role);
    },
    stop: () => void process.kill('SIGKILL'),
  };
  return { child, told };
}

/** The next message of a process, or an error when it ends instead. */
async function answer(process: ChildProcess, role: Role): Promise<Told> {
  const stop = new AbortController();
  const ended = once(process, 'exit', { signal: stop.signal }).then(([code]) => {
    throw new Error(`${role} ended with ${code}`);
  });
  ended.catch(() => undefined);
  const [told]: Told[] = await Promise.race([once(process, 'message', { signal: stop.signal }), ended]);
  stop.abort();
  return told ?? {};
}

/** For the started process: reports that it is ready, carries out one order after the other, and ends with its parent process. */
export function serve<Received>(ready: Told, carryOut: (order: Received) => Promise<Told>): void {
  process.on('message', (order: Received) => {
    carryOut(order).then(
      (told) => process.send?.(told),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ...ready, ready: true });
}
