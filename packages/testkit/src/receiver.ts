import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly atMs: number;
  /** The response's status; 0: none, the connection was left hanging or cut. */
  readonly status: number;
}

/** How a receiver answers: with a status and headers, never, or by cutting the connection. */
export type Answer = { status: number; headers?: Record<string, string> } | 'hang' | 'cut';

/** A local receiver of alerts on a real port. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Asked for each request. */
  answer: (index: number) => Answer;
  /** Accepted deliveries: answered 2xx. */
  readonly taken: Received[];
  /** Resolves when this many requests have been taken. */
  untilTaken(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const watchers = new Set<() => void>();
  const hanging = new Set<ServerResponse>();
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const answer = receiver.answer(received.length);
      const status = typeof answer === 'string' ? 0 : answer.status;
      received.push({ headers: req.headers, text: String(Buffer.concat(chunks)), atMs: Date.now(), status });
      if (answer === 'hang') hanging.add(res);
      else if (answer === 'cut') req.socket.destroy();
      else res.writeHead(answer.status, answer.headers).end();
      for (const watcher of watchers) watcher();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    received,
    answer: () => ({ status: 204 }),
    get taken() {
      return received.filter(({ status }) => status >= 200 && status < 300);
    },
    untilTaken: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (receiver.taken.length < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    close: async () => {
      for (const res of hanging) res.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
