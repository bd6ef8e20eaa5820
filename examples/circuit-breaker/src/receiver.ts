import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Stands in for the operator's receiver of alerts. */
export interface Receiver {
  readonly url: string;
  /** The bodies that arrived, in order. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** Listens on a free port of this machine and accepts everything. */
export async function startReceiver(): Promise<Receiver> {
  const received: string[] = [];
  const server = createServer(async (req, res) => {
    received.push(await text(req));
    res.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts`,
    received,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
