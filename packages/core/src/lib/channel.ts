import { type Channel, channel as diagnosticsChannel } from 'node:diagnostics_channel';
import type { ChannelPayloads } from './channel-payloads.js';
import { describeValue, suggestion } from './options.js';

export type ChannelName = keyof ChannelPayloads;

/** Every channel. */
const named: Readonly<Record<ChannelName, true>> = {
  'tollgate:auth': true,
  'tollgate:rate-limit': true,
  'tollgate:concurrency': true,
  'tollgate:refuse': true,
  'tollgate:guardrail': true,
  'tollgate:cache': true,
  'tollgate:reserve': true,
  'tollgate:settle': true,
  'tollgate:threshold': true,
  'tollgate:overage': true,
  'tollgate:store': true,
  'tollgate:switch': true,
  'tollgate:watch': true,
  'tollgate:alert': true,
  'tollgate:upstream': true,
  'tollgate:overhead': true,
  'tollgate:drain': true,
  'tollgate:unmetered': true,
  'tollgate:job': true,
  'tollgate:route': true,
  'tollgate:warning': true,
  'tollgate:fault': true,
};

export const channelNames = Object.freeze(Object.keys(named)) as readonly ChannelName[];

let subscriberFaults = 0;
const channels = new Map<ChannelName, Channel>();

/**
 * Node holds channels weakly, and the finalizer of a collected one also removes its successor of the same name, subscribers
 * and all (seen on Node 20): so every channel is held on to.
 */
function channelOf(name: ChannelName): Channel {
  let found = channels.get(name);
  if (!found) {
    found = diagnosticsChannel(name);
    channels.set(name, found);
  }
  return found;
}

/** Whether anybody listens, for facts that cost something to gather. */
export function hasSubscribers(name: ChannelName): boolean {
  return channelOf(name).hasSubscribers;
}

/** Publishes a frozen payload. `facts` is called only if the channel has subscribers. */
export function publish<Name extends ChannelName>(name: Name, facts: () => ChannelPayloads[Name]): void {
  const target = channelOf(name);
  if (target.hasSubscribers) target.publish(Object.freeze({ ...facts() }));
}

/**
 * Subscribes to a channel, e.g. `subscribe('tollgate:refuse', ({ code, tenant }) => …)`; returns how to unsubscribe. A listener that throws is counted
 * ({@link subscriberFaultCount}) and does not end the process, as a bare `diagnostics_channel` subscriber would. Throws a `TypeError` for a
 * name that is not a channel.
 */
export function subscribe<Name extends ChannelName>(
  name: Name,
  listener: (facts: Readonly<ChannelPayloads[Name]>) => void,
): () => void {
  if (!Object.hasOwn(named, name)) {
    throw new TypeError(
      `subscribe: expected the name of a channel, received ${describeValue(name)}${suggestion(String(name), Object.keys(named))}`,
    );
  }
  const target = channelOf(name);
  const guarded = (message: unknown): void => {
    try {
      listener(message as ChannelPayloads[Name]);
    } catch {
      subscriberFaults += 1;
    }
  };
  target.subscribe(guarded);
  return () => {
    target.unsubscribe(guarded);
  };
}

/** How many times a listener of {@link subscribe} has thrown in this process. */
export function subscriberFaultCount(): number {
  return subscriberFaults;
}
