import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { FaultLane } from './fault-lane.js';
import { checkFaultMode, type FaultMode } from './fault-mode.js';
import { FaultSwitch } from './fault-switch.js';

export interface FaultProxyOptions {
  /** The server behind it: a port of loopback, or an address. */
  target: number | { readonly host: string; readonly port: number };
  /** The first mode. @defaultValue 'pass' */
  mode?: FaultMode;
}

/** A TCP server on loopback between a client and a target, which applies the set fault to their connections. */
export interface FaultProxy {
  readonly port: number;
  readonly mode: FaultMode;
  /** Changes the mode of all connections, live and new. Throws a `TypeError` for one that there is not. */
  set(mode: FaultMode): void;
  /** Cuts every live connection. */
  cut(): void;
  readonly connections: {
    /** Live ones. */
    readonly open: number;
    /** All that came, refused ones included. */
    readonly accepted: number;
    readonly refused: number;
  };
  /** Bytes forwarded so far. */
  readonly bytes: { readonly toTarget: number; readonly toClient: number };
  /** Cuts everything and stops listening. */
  close(): Promise<void>;
}

interface Link {
  readonly lanes: readonly FaultLane[];
  cut(): void;
}

/** Starts a proxy on a free port. Throws a `TypeError` for a wrong or unknown option. */
export async function faultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, mode = 'pass', ...unknown } = options;
  const [misspelt] = Object.keys(unknown);
  if (misspelt !== undefined) throw new TypeError(`faultProxy: unknown option "${misspelt}"`);
  const address = typeof target === 'number' ? { host: '127.0.0.1', port: target } : target;
  const faults = new FaultSwitch(mode);
  const links = new Set<Link>();
  const count = { accepted: 0, refused: 0, toTarget: 0, toClient: 0 };

  function link(client: Socket): void {
    const behind = connect({ ...address, allowHalfOpen: true });
    const cut = (): void => {
      client.destroy();
      behind.destroy();
      links.delete(own);
    };
    const requests = new FaultLane({
      from: client,
      to: behind,
      replies: false,
      faults,
      cut,
      passed: (bytes) => {
        count.toTarget += bytes;
      },
    });
    const replies = new FaultLane({
      from: behind,
      to: client,
      replies: true,
      faults,
      cut,
      passed: (bytes) => {
        count.toClient += bytes;
      },
    });
    const own: Link = { lanes: [requests, replies], cut };
    links.add(own);
    for (const socket of [client, behind]) {
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', cut);
    }
  }

  const server = createServer({ allowHalfOpen: true }, (client) => {
    count.accepted += 1;
    if (faults.mode === 'refuse') {
      count.refused += 1;
      client.on('error', () => undefined);
      client.destroy();
    } else link(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const listening = server.address();
  const cutAll = (): void => {
    for (const { cut } of [...links]) cut();
  };

  return {
    port: typeof listening === 'object' && listening ? listening.port : 0,
    get mode() {
      return faults.mode;
    },
    set(next) {
      checkFaultMode(next);
      for (const { lanes, cut } of [...links]) {
        if (next === 'refuse' || lanes.some(({ lostReply }) => lostReply)) cut();
        for (const lane of lanes) lane.modeChanged();
      }
      faults.set(next);
    },
    cut: cutAll,
    connections: {
      get open() {
        return links.size;
      },
      get accepted() {
        return count.accepted;
      },
      get refused() {
        return count.refused;
      },
    },
    bytes: {
      get toTarget() {
        return count.toTarget;
      },
      get toClient() {
        return count.toClient;
      },
    },
    async close() {
      cutAll();
      server.close();
      faults.set('refuse');
      await once(server, 'close');
    },
  };
}
