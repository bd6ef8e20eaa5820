import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A relay in front of a server, which records the bytes of clients as they arrive. */
export interface WireTap {
  readonly port: number;
  /** One text for each piece that arrived over the wire: bytes of one write arrive in one. */
  readonly pieces: string[];
  close(): void;
}

/** Starts a relay to a port of loopback. */
export async function tapWire(target: number): Promise<WireTap> {
  const pieces: string[] = [];
  const sockets = new Set<Socket>();
  const relay = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', () => socket.destroy());
    }
    from.on('data', (data) => pieces.push(data.toString())).pipe(to);
    to.pipe(from);
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    port: (relay.address() as AddressInfo).port,
    pieces,
    close() {
      for (const socket of sockets) socket.destroy();
      relay.close();
    },
  };
}
